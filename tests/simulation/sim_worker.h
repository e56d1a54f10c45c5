#pragma once

#include <chrono>
#include <deque>

#include "common/worker.h"
#include "tests/simulation/sim_loop.h"

namespace quire::simulation {

// A thread of a simulated process. Each job is one event, some time after the one before it. A job
// that has not run when the process is killed never runs; one that runs is not interrupted: where a
// crash within it matters, the simulated disk cuts it short (SimDisk::PowerOffAfter).
class SimWorker final : public common::Worker, private Mortal {
 public:
  // No job takes longer: twice what a client waits, so that it meets disks that hang, and little
  // enough that a world without faults comes to its end, which takes a few jobs one after another.
  static constexpr common::Duration kLongestJob = std::chrono::seconds(10);

  // A job takes around `typical`.
  SimWorker(SimLoop& process, common::Duration typical);
  // Of a process that lives: runs what was submitted, as ThreadWorker does.
  ~SimWorker() override;
  SimWorker(const SimWorker&) = delete;
  SimWorker& operator=(const SimWorker&) = delete;

  void Submit(common::Task job) override;

 private:
  void OnKill() override;
  void RunNextLater();
  void RunNext();

  SimLoop& process_;
  const common::Duration typical_;
  std::deque<common::Task> jobs_;
  SimScheduler::EventId next_ = 0;
};

}  // namespace quire::simulation
