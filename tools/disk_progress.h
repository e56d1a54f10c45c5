#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace quire::tools {

// "1.2 GB of 4.8 GB (25 %), 410.3 MB/s" on one line of the terminal, drawn over itself a few times
// a second; nothing at all when standard error is not a terminal. One thread.
class DiskProgress {
 public:
  explicit DiskProgress(bool quiet);
  // Clears the line.
  ~DiskProgress();
  DiskProgress(const DiskProgress&) = delete;
  DiskProgress& operator=(const DiskProgress&) = delete;

  // Cheap enough for every few hundred bytes.
  void Done(std::uint64_t bytes, std::uint64_t of);

  double seconds() const;  // since it was made

 private:
  using Clock = std::chrono::steady_clock;

  const bool shown_;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point next_ = start_;
  std::uint64_t next_bytes_ = 0;  // not worth a look at the clock before
  bool drawn_ = false;
};

}  // namespace quire::tools
