#pragma once

#include <chrono>
#include <cstdint>

namespace quire::tools {

// When the requests of an open loop are due: evenly spaced, whatever becomes of those before. Each
// is measured from its due time, so that a request that is late because the one before was slow
// counts as slow too (coordinated omission).
class ArrivalSchedule {
 public:
  using Clock = std::chrono::steady_clock;

  ArrivalSchedule(Clock::time_point begin, double per_second)
      : begin_(begin), nanoseconds_(1e9 / per_second) {}

  // Of the next request that was not taken.
  Clock::time_point due() const {
    return begin_ + std::chrono::nanoseconds(
                        static_cast<std::int64_t>(static_cast<double>(taken_) * nanoseconds_));
  }
  void Take() { ++taken_; }

 private:
  const Clock::time_point begin_;
  const double nanoseconds_;  // between two of them
  std::int64_t taken_ = 0;
};

}  // namespace quire::tools
