#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace quire::bookie {

// What is known of the process as a whole. Any thread.
class ProcessFacts {
 public:
  // Quire's version, as the build has it.
  static std::string_view version();

  // Of this object, which is made when the daemon starts. Since 1970.
  double start_seconds() const;
  double uptime_seconds() const;
  // Of memory that is in use; 0 if the kernel does not say.
  static std::uint64_t resident_bytes();

 private:
  const std::chrono::system_clock::time_point started_at_ = std::chrono::system_clock::now();
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

}  // namespace quire::bookie
