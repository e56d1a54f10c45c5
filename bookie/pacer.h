#pragma once

#include <cstdint>

#include "common/loop.h"

namespace quire::bookie {

// Takes work in the background from step to step: after a wait, no faster than so many bytes in a
// second, and not while it is paused. One step is pending at most. Loop thread.
class Pacer {
 public:
  Pacer(common::Loop& loop, std::uint64_t bytes_per_second)
      : loop_(loop), bytes_per_second_(bytes_per_second) {}
  ~Pacer();
  Pacer(const Pacer&) = delete;
  Pacer& operator=(const Pacer&) = delete;

  // Calls `step` after the wait, in place of the one that was pending; if paused then, when that
  // ends.
  void Arm(common::Duration wait, common::Task step);
  // Calls it when the bytes just read or written are within the rate.
  void Continue(std::uint64_t bytes, common::Task step);

  void SetPaused(bool paused);
  bool paused() const { return paused_; }

 private:
  common::Loop& loop_;
  const std::uint64_t bytes_per_second_;
  bool paused_ = false;
  common::Loop::TimerId timer_ = 0;
  common::Task held_;  // until the pause ends
};

}  // namespace quire::bookie
