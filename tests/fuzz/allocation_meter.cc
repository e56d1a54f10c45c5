#include "tests/fuzz/allocation_meter.h"

#include <sanitizer/allocator_interface.h>

#include <algorithm>
#include <cstdint>

#include "common/check.h"

namespace quire::fuzz {
namespace {

thread_local bool measuring = false;
thread_local std::int64_t held = 0;  // below 0 when older memory is freed
thread_local std::int64_t most = 0;

void Allocated(const volatile void* /*memory*/, std::size_t bytes) {
  if (!measuring) return;
  held += static_cast<std::int64_t>(bytes);
  most = std::max(most, held);
}

void Freed(const volatile void* memory) {
  if (!measuring || memory == nullptr) return;
  held -=
      static_cast<std::int64_t>(__sanitizer_get_allocated_size(const_cast<const void*>(memory)));
}

}  // namespace

AllocationMeter::AllocationMeter() {
  static const int installed = __sanitizer_install_malloc_and_free_hooks(Allocated, Freed);
  QUIRE_CHECK(installed != 0 && !measuring);
  held = most = 0;
  measuring = true;
}

AllocationMeter::~AllocationMeter() {
  measuring = false;
}

std::size_t AllocationMeter::peak() const {
  return static_cast<std::size_t>(most);
}

}  // namespace quire::fuzz
