#include "tests/simulation/sim_loop.h"

#include <algorithm>
#include <utility>

namespace quire::simulation {
namespace {

// Run tasks are cut off the front of the queue when there are so many.
constexpr std::size_t kManyDone = 64;

}  // namespace

SimLoop::SimLoop(SimScheduler& scheduler, std::string name)
    : scheduler_(scheduler), name_(std::move(name)), id_(scheduler.AddLoop()) {}

SimLoop::~SimLoop() {
  Kill();
}

void SimLoop::Post(common::Task task) {
  if (!alive_) return;
  posted_.push_back(std::move(task));
  if (posted_.size() - first_ == 1) WakeLater();
}

common::Loop::TimerId SimLoop::After(common::Duration delay, common::Task task) {
  // A dead process still needs an id that names nothing.
  if (!alive_) return ~std::uint64_t{0};
  return scheduler_.After(delay, this, std::move(task));
}

// Mostly at once, now and then a little later, as on a busy machine.
void SimLoop::WakeLater() {
  const std::uint64_t draw = scheduler_.random()();
  const std::uint64_t delay = (draw & 0xff) == 0 ? (draw >> 8) % 200'000 : (draw >> 8) % 2'000;
  scheduler_.After(common::Duration(static_cast<std::int64_t>(delay)), this, nullptr);
}

void SimLoop::RunPosted() {
  common::Task task = std::move(posted_[first_++]);
  if (first_ == posted_.size()) {
    posted_.clear();
    first_ = 0;
  } else {
    if (first_ >= kManyDone && first_ * 2 > posted_.size()) {
      posted_.erase(posted_.begin(), posted_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
    }
    WakeLater();
  }
  task();  // last: it may end this process
}

void SimLoop::Kill() {
  if (!alive_) return;
  alive_ = false;
  scheduler_.DropEventsOf(*this);
  const std::vector<common::Task> dropped = std::exchange(posted_, {});
  first_ = 0;
  for (Mortal* mortal : std::exchange(mortals_, {})) mortal->OnKill();
}

void SimLoop::Pause(common::Duration duration) {
  runs_at_ = std::max(runs_at_, scheduler_.Now() + duration);
}

}  // namespace quire::simulation
