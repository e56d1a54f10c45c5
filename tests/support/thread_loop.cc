#include "tests/support/thread_loop.h"

namespace quire::testing {

ThreadLoop::ThreadLoop() : thread_([this] { Loop(); }) {}

ThreadLoop::~ThreadLoop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void ThreadLoop::Post(common::Task task) {
  {
    const std::lock_guard lock(mutex_);
    if (stop_) return;
    tasks_.push_back(std::move(task));
  }
  wake_.notify_all();
}

common::Loop::TimerId ThreadLoop::After(common::Duration delay, common::Task task) {
  const std::lock_guard lock(mutex_);
  const TimerId id = ++last_timer_;
  const common::TimePoint due = Now() + delay;
  timers_.emplace(std::pair(due, id), std::move(task));
  due_.emplace(id, due);
  wake_.notify_all();
  return id;
}

void ThreadLoop::Cancel(TimerId id) {
  common::Task dropped;  // destroyed without the lock: it may own things that call us
  const std::lock_guard lock(mutex_);
  const auto due = due_.find(id);
  if (due == due_.end()) return;
  const auto timer = timers_.find({due->second, id});
  dropped = std::move(timer->second);
  timers_.erase(timer);
  due_.erase(due);
}

void ThreadLoop::Loop() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    common::Task task;
    if (!timers_.empty() && timers_.begin()->first.first <= Now()) {
      due_.erase(timers_.begin()->first.second);
      task = std::move(timers_.begin()->second);
      timers_.erase(timers_.begin());
    } else if (!tasks_.empty()) {
      task = std::move(tasks_.front());
      tasks_.pop_front();
    } else if (timers_.empty()) {
      wake_.wait(lock);
      continue;
    } else {
      wake_.wait_until(lock, timers_.begin()->first.first);
      continue;
    }
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
  }
}

}  // namespace quire::testing
