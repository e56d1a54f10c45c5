#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

namespace quire::common {

using Duration = std::chrono::nanoseconds;
using TimePoint = std::chrono::steady_clock::time_point;
using Task = std::move_only_function<void()>;

// The one callback shape of the project; always the last parameter.
template <typename T>
using Callback = std::move_only_function<void(T)>;

// An event loop: one thread that runs tasks one at a time. Everything that belongs to a loop
// (a connection, a ledger handle, a bookie's ledgers) is touched only from its tasks and therefore
// needs no lock. Production runs rpc::AsioLoop; the simulation runs a virtual clock in one thread.
class Loop {
 public:
  using TimerId = std::uint64_t;

  virtual ~Loop() = default;

  // The loop's clock. Any thread.
  virtual TimePoint Now() const = 0;

  // Run the task in a later turn, in the order posted. Any thread. Tasks posted to a stopped loop
  // are dropped without running.
  virtual void Post(Task task) = 0;

  // Run the task once after the delay. Loop thread only. Ids are never reused and never 0.
  virtual TimerId After(Duration delay, Task task) = 0;

  // Forget the timer; without effect when it has run. Loop thread only.
  virtual void Cancel(TimerId id) = 0;
};

}  // namespace quire::common
