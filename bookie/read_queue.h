#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>

#include "common/loop.h"

namespace quire::bookie {

// Look-ups on their way to the reader threads. A few are under way in the store at a time, so that
// a reader always finds the next one; the rest wait here, in order, where one whose caller does not
// wait any more costs nothing but its answer. Loop thread only.
class ReadQueue {
 public:
  // Told once, in this turn or a later one. False: go on, and call End when the store has answered.
  // True: the deadline has passed; there will be no look-up and no End.
  using Run = std::move_only_function<void(bool expired)>;

  ReadQueue(const common::Loop& loop, std::size_t under_way) : loop_(loop), most_(under_way) {}

  // `deadline_ms`: from now; 0: none.
  void Submit(std::int32_t deadline_ms, Run run);
  void End();

  std::size_t size() const { return waiting_.size() + under_way_; }
  std::uint64_t expired() const { return expired_; }
  // How long the look-up that began last had waited for it.
  common::Duration last_wait() const { return last_wait_; }

 private:
  struct Waiting {
    common::TimePoint since;
    common::TimePoint deadline;
    Run run;
  };

  void Begin();

  const common::Loop& loop_;
  const std::size_t most_;
  std::deque<Waiting> waiting_;
  std::size_t under_way_ = 0;
  std::uint64_t expired_ = 0;
  common::Duration last_wait_{};
  bool beginning_ = false;
};

// The end of a deadline that is so many milliseconds from now; 0: none.
inline common::TimePoint DeadlineAt(common::TimePoint now, std::int32_t deadline_ms) {
  if (deadline_ms <= 0) return common::TimePoint::max();
  return now + std::chrono::milliseconds(deadline_ms);
}

}  // namespace quire::bookie
