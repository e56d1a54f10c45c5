#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "common/loop.h"

namespace quire::common {

// Runs jobs that may block (a sync, a disk read), one at a time in the order submitted, off the
// loop. A job reports back with Loop::Post. Production: a named thread; simulation: a later event.
class Worker {
 public:
  virtual ~Worker() = default;
  virtual void Submit(Task job) = 0;
};

// A thread of its own. The destructor runs what was submitted, then joins.
class ThreadWorker final : public Worker {
 public:
  // The name (at most 15 characters) is what `top -H` and perf show.
  explicit ThreadWorker(std::string name);
  ~ThreadWorker() override;
  ThreadWorker(const ThreadWorker&) = delete;
  ThreadWorker& operator=(const ThreadWorker&) = delete;

  void Submit(Task job) override;

 private:
  void Run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> jobs_;  // guarded by mutex_
  bool stop_ = false;      // guarded by mutex_
  std::thread thread_;
};

}  // namespace quire::common
