#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <utility>

#include "common/loop.h"

namespace quire::client {

// A loop in virtual time: the clock jumps from timer to timer while the test runs it.
class ManualLoop final : public common::Loop {
 public:
  common::TimePoint Now() const override { return now_; }
  void Post(common::Task task) override { tasks_.push_back(std::move(task)); }
  TimerId After(common::Duration delay, common::Task task) override {
    timers_.emplace(std::pair(now_ + delay, ++last_timer_), std::move(task));
    return last_timer_;
  }
  void Cancel(TimerId id) override {
    std::erase_if(timers_, [id](const auto& timer) { return timer.first.second == id; });
  }

  // Runs what is posted, without moving the clock.
  void Run() { RunTurns(SIZE_MAX); }
  void RunTurns(std::size_t most) {
    for (; most > 0 && !tasks_.empty(); --most) {
      common::Task task = std::move(tasks_.front());
      tasks_.pop_front();
      task();
    }
  }
  void RunFor(common::Duration time) {
    const auto end = now_ + time;
    Run();
    while (!timers_.empty() && timers_.begin()->first.first <= end) {
      now_ = timers_.begin()->first.first;
      common::Task task = std::move(timers_.begin()->second);
      timers_.erase(timers_.begin());
      task();
      Run();
    }
    now_ = end;
  }

  std::size_t timers() const { return timers_.size(); }
  // Drops everything unrun, as a stopped loop does.
  void Clear() {
    while (!tasks_.empty() || !timers_.empty()) {
      const auto tasks = std::exchange(tasks_, {});
      const auto timers = std::exchange(timers_, {});
    }
  }

 private:
  common::TimePoint now_;
  std::deque<common::Task> tasks_;
  std::map<std::pair<common::TimePoint, TimerId>, common::Task> timers_;
  TimerId last_timer_ = 0;
};

}  // namespace quire::client
