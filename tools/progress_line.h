#pragma once

#include <chrono>
#include <cstdint>

namespace quire::tools {

// "1,234 entries, 80.9 MB, 20.1 MB/s" on one line of the terminal, drawn over itself a few times a
// second; nothing at all when standard error is not a terminal. One thread.
class ProgressLine {
 public:
  ProgressLine();
  // Clears the line.
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  bool due() const;
  void Draw(std::int64_t entries, std::int64_t bytes);

 private:
  using Clock = std::chrono::steady_clock;

  const bool terminal_;
  const Clock::time_point start_;
  Clock::time_point next_;
  bool drawn_ = false;
};

}  // namespace quire::tools
