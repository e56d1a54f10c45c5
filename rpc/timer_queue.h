#pragma once

#include <optional>
#include <queue>
#include <unordered_map>
#include <vector>

#include "common/loop.h"

namespace quire::rpc {

// The timers of one loop, earliest first; equal times run in the order they were added. Knows no
// clock. Cancelling releases the task at once; its place in the order goes when its time comes, or
// when such empty places outnumber the timers. Loop thread only.
class TimerQueue {
 public:
  using TimerId = common::Loop::TimerId;

  TimerId Add(common::TimePoint when, common::Task task);
  void Cancel(TimerId id);

  // When the earliest timer is due; nullopt without timers.
  std::optional<common::TimePoint> Next();

  // Takes the earliest timer, if it is due at `now`.
  std::optional<common::Task> TakeDue(common::TimePoint now);

  std::size_t size() const { return timers_.size(); }

 private:
  struct Timer {
    common::TimePoint when;
    common::Task task;
  };
  struct Place {
    common::TimePoint when;
    TimerId id;
    bool operator>(const Place& other) const {
      return when != other.when ? when > other.when : id > other.id;
    }
  };
  using Order = std::priority_queue<Place, std::vector<Place>, std::greater<>>;

  Order order_;
  std::unordered_map<TimerId, Timer> timers_;
  TimerId last_id_ = 0;
};

}  // namespace quire::rpc
