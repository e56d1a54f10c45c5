#include "tests/simulation/sim_worker.h"

#include <algorithm>
#include <utility>

#include "tests/simulation/chance.h"

namespace quire::simulation {

SimWorker::SimWorker(SimLoop& process, common::Duration typical)
    : process_(process), typical_(typical) {
  process_.Attach(*this);
}

SimWorker::~SimWorker() {
  process_.Detach(*this);
  if (!process_.alive()) return;
  while (!jobs_.empty()) {
    common::Task job = std::move(jobs_.front());
    jobs_.pop_front();
    job();
  }
  process_.Cancel(next_);  // a job may have submitted another
}

void SimWorker::OnKill() {
  const std::deque<common::Task> dropped = std::exchange(jobs_, {});
}

void SimWorker::Submit(common::Task job) {
  if (!process_.alive()) return;
  jobs_.push_back(std::move(job));
  if (jobs_.size() == 1) RunNextLater();
}

void SimWorker::RunNextLater() {
  SimScheduler& scheduler = process_.scheduler();
  scheduler.Cancel(next_);
  const common::Duration delay = std::min(HeavyTail(scheduler.random(), typical_), kLongestJob);
  next_ = scheduler.After(delay, &process_, [this] { RunNext(); });
}

void SimWorker::RunNext() {
  common::Task job = std::move(jobs_.front());
  jobs_.pop_front();
  next_ = 0;
  if (!jobs_.empty()) RunNextLater();
  job();  // last: it may end the process
}

}  // namespace quire::simulation
