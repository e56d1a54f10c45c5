#pragma once

#include <memory>
#include <string>

#include "common/loop.h"

namespace boost::asio {
class io_context;
}  // namespace boost::asio

namespace quire::rpc {

// The loop of production: one io_context driven by one thread. Sockets and what owns them (Server,
// ConnectionPool, channels) must be gone before the loop is destroyed; to take them down from
// outside, Stop() first and destroy them then.
class AsioLoop final : public common::Loop {
 public:
  // Driven by the thread that calls Run().
  AsioLoop();
  // Driven by a thread of its own. The name (at most 15 characters) is what `top -H` and perf show.
  explicit AsioLoop(const std::string& thread_name);
  // Stops; what was posted and not run is dropped.
  ~AsioLoop() override;
  AsioLoop(const AsioLoop&) = delete;
  AsioLoop& operator=(const AsioLoop&) = delete;

  common::TimePoint Now() const override;
  void Post(common::Task task) override;
  TimerId After(common::Duration delay, common::Task task) override;
  void Cancel(TimerId id) override;

  // Runs until Stop(). Once in the life of a loop, and only if it has no thread of its own.
  void Run();

  // Ends the loop after the task that runs now, for good. Any thread; called from another thread
  // than the loop's own it returns when that thread has ended.
  void Stop();

  bool InLoopThread() const;

  boost::asio::io_context& context();

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

}  // namespace quire::rpc
