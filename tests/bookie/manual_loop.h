#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <map>
#include <utility>

#include "common/loop.h"
#include "common/worker.h"

namespace quire::bookie {

// A loop whose turns the test takes one by one, with a clock that stands still until it is moved.
class ManualLoop final : public common::Loop {
 public:
  common::TimePoint Now() const override { return now_; }
  void Post(common::Task task) override { tasks_.push_back(std::move(task)); }
  TimerId After(common::Duration delay, common::Task task) override {
    timers_.emplace(++last_timer_, Timer{now_ + delay, std::move(task)});
    return last_timer_;
  }
  void Cancel(TimerId id) override { timers_.erase(id); }

  bool RunOne() {
    if (tasks_.empty()) return false;
    common::Task task = std::move(tasks_.front());
    tasks_.pop_front();
    task();
    return true;
  }
  void RunAll() {
    while (RunOne()) {
    }
  }
  void Drop() { tasks_.clear(); }
  std::size_t tasks() const { return tasks_.size(); }

  // Moves the clock and posts what is due, earliest first.
  void Advance(common::Duration step) {
    now_ += step;
    while (true) {
      const auto due = std::ranges::min_element(
          timers_, {}, [](const auto& entry) { return std::pair(entry.second.at, entry.first); });
      if (due == timers_.end() || due->second.at > now_) return;
      Post(std::move(due->second.task));
      timers_.erase(due);
    }
  }

 private:
  struct Timer {
    common::TimePoint at;
    common::Task task;
  };
  common::TimePoint now_;
  std::deque<common::Task> tasks_;
  std::map<TimerId, Timer> timers_;
  TimerId last_timer_ = 0;
};

// A worker whose jobs the test runs one by one.
class ManualWorker final : public common::Worker {
 public:
  void Submit(common::Task job) override { jobs_.push_back(std::move(job)); }

  bool RunOne() {
    if (jobs_.empty()) return false;
    common::Task job = std::move(jobs_.front());
    jobs_.pop_front();
    job();
    return true;
  }
  void RunAll() {
    while (RunOne()) {
    }
  }
  void Drop() { jobs_.clear(); }
  std::size_t jobs() const { return jobs_.size(); }

 private:
  std::deque<common::Task> jobs_;
};

}  // namespace quire::bookie
