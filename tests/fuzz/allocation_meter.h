#pragma once

#include <cstddef>

namespace quire::fuzz {

// Measures what this thread allocates during the meter's life, through the allocation hooks of the
// address sanitizer. One at a time.
class AllocationMeter {
 public:
  AllocationMeter();
  ~AllocationMeter();
  AllocationMeter(const AllocationMeter&) = delete;
  AllocationMeter& operator=(const AllocationMeter&) = delete;

  // The most bytes that were held at once.
  std::size_t peak() const;
};

}  // namespace quire::fuzz
