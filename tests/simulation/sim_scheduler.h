#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/loop.h"
#include "common/random.h"

namespace quire::simulation {

class SimLoop;

// The one clock and the one queue of a simulated world. Everything that happens is an event; they
// run one at a time in the order of their times, and in an order drawn from the seed when those are
// equal. The same seed and the same calls give the same run. One thread.
class SimScheduler {
 public:
  using EventId = std::uint64_t;  // never 0, never reused

  explicit SimScheduler(std::uint64_t seed);
  SimScheduler(const SimScheduler&) = delete;
  SimScheduler& operator=(const SimScheduler&) = delete;

  common::TimePoint Now() const { return now_; }
  common::Random& random() { return random_; }

  // Run the task once. The events of a process go when it is killed and wait while it is paused;
  // those without an owner are of the world outside the processes. An empty task runs what is
  // posted to the owner.
  EventId At(common::TimePoint when, SimLoop* owner, common::Task task);
  EventId After(common::Duration delay, SimLoop* owner, common::Task task) {
    return At(now_ + delay, owner, std::move(task));
  }
  void Cancel(EventId id);

  // Runs the next event; false when there is none.
  bool Step();
  // Runs what is due until then and sets the clock to it.
  void RunUntil(common::TimePoint when);
  void RunFor(common::Duration duration) { RunUntil(now_ + duration); }
  // Until the condition holds. False: the time came, or nothing is left to happen, before it did.
  template <typename Condition>
  bool RunUntil(Condition done, common::TimePoint limit) {
    while (!done()) {
      if (!Prepare() || TimeOf(heap_.front()) > limit) return false;
      RunTop();
    }
    return true;
  }
  template <typename Condition>
  bool RunFor(Condition done, common::Duration duration) {
    return RunUntil(std::move(done), now_ + duration);
  }

  // Adds what happened to the hash of this run.
  void Fold(std::uint64_t value) {
    hash_ = (hash_ ^ value) * 0x9e3779b97f4a7c15ULL;
    hash_ ^= hash_ >> 29;
  }
  // Two runs with the same hash went the same way.
  std::uint64_t hash() const { return hash_; }
  std::uint64_t events() const { return events_; }  // that ran
  std::size_t pending() const { return heap_.size() - cancelled_; }

 private:
  friend class SimLoop;

  // Small, for the heap moves many of them; the task stays in its slot.
  struct Entry {
    std::int64_t time;
    std::uint32_t tie;
    std::uint32_t slot;
    bool operator>(const Entry& other) const {
      if (time != other.time) return time > other.time;
      return tie != other.tie ? tie > other.tie : slot > other.slot;
    }
  };
  struct Slot {
    common::Task task;
    SimLoop* owner = nullptr;
    std::uint32_t generation = 0;
    bool live = false;  // false with an entry in the heap: cancelled
  };

  static common::TimePoint TimeOf(const Entry& entry) {
    return common::TimePoint(common::Duration(entry.time));
  }
  std::uint32_t AddLoop() { return ++last_loop_; }
  void DropEventsOf(const SimLoop& owner);
  void Push(Entry entry);
  Entry Pop();
  void Free(std::uint32_t slot);
  // Makes the first entry one that may run now.
  bool Prepare();
  void RunTop();
  void Compact();

  common::TimePoint now_;
  common::Random random_;
  std::vector<Entry> heap_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::size_t cancelled_ = 0;  // entries of the heap whose slot is not live
  std::uint32_t deferred_ = 0;
  std::uint32_t last_loop_ = 0;
  std::uint64_t hash_ = 0;
  std::uint64_t events_ = 0;
};

}  // namespace quire::simulation
