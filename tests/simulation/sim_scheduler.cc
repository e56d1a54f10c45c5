#include "tests/simulation/sim_scheduler.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>

#include "tests/simulation/sim_loop.h"

namespace quire::simulation {
namespace {

// Cancelled entries are thrown out of the heap when there are more than that and they are the
// majority.
constexpr std::size_t kManyCancelled = 256;

}  // namespace

// The clock does not begin at zero: code may take that for "never".
SimScheduler::SimScheduler(std::uint64_t seed) : now_(std::chrono::hours(1)), random_(seed) {
  Fold(seed);
}

SimScheduler::EventId SimScheduler::At(common::TimePoint when, SimLoop* owner, common::Task task) {
  std::uint32_t index;
  if (free_.empty()) {
    index = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  Slot& slot = slots_[index];
  slot.task = std::move(task);
  slot.owner = owner;
  slot.live = true;
  // The upper half: deferred events come first.
  const auto tie = static_cast<std::uint32_t>(random_() >> 33) | 0x80000000U;
  Push({.time = std::max(when, now_).time_since_epoch().count(), .tie = tie, .slot = index});
  return static_cast<EventId>(slot.generation) << 32 | (index + 1);
}

void SimScheduler::Cancel(EventId id) {
  const auto index = static_cast<std::uint32_t>(id) - 1;
  if (id == 0 || index >= slots_.size()) return;
  Slot& slot = slots_[index];
  if (!slot.live || slot.generation != static_cast<std::uint32_t>(id >> 32)) return;
  const common::Task dropped = std::move(slot.task);  // its destructor may come back here
  slot.task = nullptr;
  slot.live = false;
  ++cancelled_;
  Compact();
}

void SimScheduler::DropEventsOf(const SimLoop& owner) {
  std::vector<common::Task> dropped;
  for (Slot& slot : slots_) {
    if (!slot.live || slot.owner != &owner) continue;
    dropped.push_back(std::move(slot.task));
    slot.task = nullptr;
    slot.live = false;
    ++cancelled_;
  }
  Compact();
}

void SimScheduler::Push(Entry entry) {
  heap_.push_back(entry);
  std::ranges::push_heap(heap_, std::greater<>());
}

SimScheduler::Entry SimScheduler::Pop() {
  std::ranges::pop_heap(heap_, std::greater<>());
  const Entry entry = heap_.back();
  heap_.pop_back();
  return entry;
}

void SimScheduler::Free(std::uint32_t slot) {
  slots_[slot].owner = nullptr;
  ++slots_[slot].generation;
  free_.push_back(slot);
}

bool SimScheduler::Prepare() {
  while (!heap_.empty()) {
    const Slot& slot = slots_[heap_.front().slot];
    if (!slot.live) {
      Free(Pop().slot);
      --cancelled_;
      continue;
    }
    if (slot.owner == nullptr || slot.owner->runs_at() <= TimeOf(heap_.front())) return true;
    // Paused: what became due meanwhile runs at its end, in the order it became due.
    Entry entry = Pop();
    entry.time = slot.owner->runs_at().time_since_epoch().count();
    entry.tie = ++deferred_ & 0x7fffffffU;
    Push(entry);
  }
  return false;
}

void SimScheduler::RunTop() {
  const Entry entry = Pop();
  now_ = TimeOf(entry);
  ++events_;
  Slot& slot = slots_[entry.slot];
  SimLoop* const owner = slot.owner;
  common::Task task = std::move(slot.task);
  slot.task = nullptr;
  slot.live = false;
  Free(entry.slot);
  Fold(static_cast<std::uint64_t>(entry.time));
  Fold(owner == nullptr ? 0 : owner->id());
  if (task) {
    task();
  } else {
    owner->RunPosted();
  }
}

bool SimScheduler::Step() {
  if (!Prepare()) return false;
  RunTop();
  return true;
}

void SimScheduler::RunUntil(common::TimePoint when) {
  while (Prepare() && TimeOf(heap_.front()) <= when) RunTop();
  now_ = std::max(now_, when);
}

void SimScheduler::Compact() {
  if (cancelled_ < kManyCancelled || cancelled_ * 2 < heap_.size()) return;
  std::erase_if(heap_, [this](const Entry& entry) {
    if (slots_[entry.slot].live) return false;
    Free(entry.slot);
    return true;
  });
  std::ranges::make_heap(heap_, std::greater<>());
  cancelled_ = 0;
}

}  // namespace quire::simulation
