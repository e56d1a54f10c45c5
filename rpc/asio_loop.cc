#include "rpc/asio_loop.h"

#include <pthread.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "common/check.h"
#include "rpc/timer_queue.h"

namespace quire::rpc {
namespace {

namespace asio = boost::asio;

// Tasks run one after the other before sockets get their turn again.
constexpr std::size_t kTasksPerTurn = 1024;

}  // namespace

struct AsioLoop::State {
  State() : io(std::make_unique<asio::io_context>(1)), work(io->get_executor()) {
    timer.emplace(*io);
  }

  void Run();
  void Drain();
  void WakeUp() {
    asio::post(*io, [this] { Drain(); });
  }
  void Arm();
  void RunDueTimers();
  void Drop();

  std::unique_ptr<asio::io_context> io;
  asio::executor_work_guard<asio::io_context::executor_type> work;

  // Synchronised by themselves.
  std::atomic<std::thread::id> runner;
  std::atomic<bool> stopped = false;

  std::mutex mutex;
  std::vector<common::Task> posted;  // guarded by mutex
  bool draining = false;             // guarded by mutex; a Drain() is on its way

  // Loop thread.
  std::vector<common::Task> turn;  // the batch that is being run
  std::size_t next = 0;            // of turn
  TimerQueue timers;
  std::optional<asio::steady_timer> timer;
  std::optional<common::TimePoint> armed;

  // Touched by the constructor, Stop() and the destructor.
  std::mutex thread_mutex;
  std::thread thread;  // guarded by thread_mutex
};

void AsioLoop::State::Run() {
  runner.store(std::this_thread::get_id());
  io->run();
  runner.store({});
}

void AsioLoop::State::Drain() {
  if (next == turn.size()) {
    turn.clear();
    next = 0;
    const std::lock_guard lock(mutex);
    turn.swap(posted);
  }
  for (std::size_t i = 0; i < kTasksPerTurn && next < turn.size(); ++i) {
    if (stopped.load(std::memory_order_relaxed)) return;
    common::Task task = std::move(turn[next++]);
    task();
  }
  {
    const std::lock_guard lock(mutex);
    draining = next < turn.size() || !posted.empty();
    if (!draining) return;
  }
  WakeUp();
}

void AsioLoop::State::Arm() {
  const auto due = timers.Next();
  if (!due || (armed && *armed <= *due)) return;
  armed = due;
  timer->expires_at(*due);
  timer->async_wait([this](const boost::system::error_code& cancelled) {
    if (cancelled) return;
    armed.reset();
    RunDueTimers();
    Arm();
  });
}

void AsioLoop::State::RunDueTimers() {
  const common::TimePoint now = std::chrono::steady_clock::now();
  while (auto task = timers.TakeDue(now)) {
    if (stopped.load(std::memory_order_relaxed)) return;
    (*task)();
  }
}

// What is dropped may post, set or cancel timers while it is destroyed: the loop is stopped by now
// and drops these too.
void AsioLoop::State::Drop() {
  std::vector<common::Task> rest;
  {
    const std::lock_guard lock(mutex);
    rest.swap(posted);
  }
  rest.clear();
  turn.clear();
  timers = TimerQueue();
  timer.reset();
  work.reset();
  io.reset();
}

AsioLoop::AsioLoop() : state_(std::make_unique<State>()) {}

AsioLoop::AsioLoop(const std::string& thread_name) : AsioLoop() {
  state_->thread = std::thread([state = state_.get(), name = thread_name.substr(0, 15)] {
    pthread_setname_np(pthread_self(), name.c_str());
    state->Run();
  });
}

AsioLoop::~AsioLoop() {
  Stop();
  QUIRE_CHECK(!state_->thread.joinable());  // a loop cannot destroy itself
  state_->Drop();
}

common::TimePoint AsioLoop::Now() const {
  return std::chrono::steady_clock::now();
}

void AsioLoop::Post(common::Task task) {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->stopped.load(std::memory_order_relaxed)) return;
    state_->posted.push_back(std::move(task));
    if (state_->draining) return;
    state_->draining = true;
  }
  state_->WakeUp();
}

AsioLoop::TimerId AsioLoop::After(common::Duration delay, common::Task task) {
  const TimerId id = state_->timers.Add(Now() + delay, std::move(task));
  if (!state_->stopped.load(std::memory_order_relaxed)) state_->Arm();
  return id;
}

void AsioLoop::Cancel(TimerId id) {
  state_->timers.Cancel(id);
}

void AsioLoop::Run() {
  QUIRE_CHECK(!state_->thread.joinable());
  state_->Run();
}

void AsioLoop::Stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopped.store(true);
  }
  state_->io->stop();
  const std::lock_guard lock(state_->thread_mutex);
  if (state_->thread.joinable() && !InLoopThread()) state_->thread.join();
}

bool AsioLoop::InLoopThread() const {
  return state_->runner.load(std::memory_order_relaxed) == std::this_thread::get_id();
}

boost::asio::io_context& AsioLoop::context() {
  return *state_->io;
}

}  // namespace quire::rpc
