#pragma once

#include <condition_variable>
#include <deque>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

#include "common/error.h"
#include "common/loop.h"

namespace quire::testing {

// A loop for tests: one thread, a queue, timers. The destructor drops what has not run and joins.
class ThreadLoop final : public common::Loop {
 public:
  ThreadLoop();
  ~ThreadLoop() override;
  ThreadLoop(const ThreadLoop&) = delete;
  ThreadLoop& operator=(const ThreadLoop&) = delete;

  common::TimePoint Now() const override { return std::chrono::steady_clock::now(); }
  void Post(common::Task task) override;
  TimerId After(common::Duration delay, common::Task task) override;
  void Cancel(TimerId id) override;

  // Runs the function on the loop and waits for it. Not from the loop.
  template <typename F>
  auto Run(F function) -> decltype(function()) {
    std::packaged_task<decltype(function())()> task(std::move(function));
    auto result = task.get_future();
    Post([&task] { task(); });
    return result.get();
  }

  // Starts a call on the loop and waits for its callback: loop.Await<Version>([&](auto done)
  // {...}). Throws when the callback does not come, or when it comes twice.
  template <typename T, typename F>
  common::Result<T> Await(F call, common::Duration limit = std::chrono::seconds(60)) {
    auto promise = std::make_shared<std::promise<common::Result<T>>>();
    auto result = promise->get_future();
    Post([promise, call = std::move(call)]() mutable {
      call(common::Callback<common::Result<T>>(
          [promise](common::Result<T> value) { promise->set_value(std::move(value)); }));
    });
    if (result.wait_for(limit) != std::future_status::ready) {
      throw std::runtime_error("a callback did not come in time");
    }
    return result.get();
  }

 private:
  void Loop();

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  // All below are guarded by mutex_.
  std::deque<common::Task> tasks_;
  std::map<std::pair<common::TimePoint, TimerId>, common::Task> timers_;
  std::map<TimerId, common::TimePoint> due_;
  TimerId last_timer_ = 0;
  bool stop_ = false;

  std::thread thread_;
};

}  // namespace quire::testing
