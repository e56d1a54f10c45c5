#pragma once

#include <chrono>
#include <optional>

namespace quire::tools {

// SIGINT, SIGTERM and SIGHUP as something to ask for instead of something that strikes. Made on the
// main thread before any other thread is started; from then on they are blocked in this process.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Waits until one has come, at most so long. True from the first one on.
  bool Wait(std::chrono::milliseconds at_most);
  bool Requested() { return Wait(std::chrono::milliseconds(0)); }
  // The signal that came.
  std::optional<int> number() const { return number_; }

 private:
  int fd_;
  std::optional<int> number_;
};

}  // namespace quire::tools
