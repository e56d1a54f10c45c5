#pragma once

#include <deque>

#include "common/worker.h"
#include "tests/simulation/sim_loop.h"

namespace quire::simulation {

// A thread of a simulated process. Each job is one event, some time after the one before it. A job
// that has not run when the process is killed never runs; one that runs is not interrupted: where a
// crash within it matters, the simulated disk cuts it short (SimDisk::PowerOffAfter).
class SimWorker final : public common::Worker, private Mortal {
 public:
  // A job takes around `typical`.
  SimWorker(SimLoop& process, common::Duration typical);
  // Of a process that lives: runs what was submitted, as ThreadWorker does.
  ~SimWorker() override;
  SimWorker(const SimWorker&) = delete;
  SimWorker& operator=(const SimWorker&) = delete;

  void Submit(common::Task job) override;
  void set_typical(common::Duration typical) { typical_ = typical; }

 private:
  void OnKill() override;
  void RunNextLater();
  void RunNext();

  SimLoop& process_;
  common::Duration typical_;
  std::deque<common::Task> jobs_;
  SimScheduler::EventId next_ = 0;
};

}  // namespace quire::simulation
