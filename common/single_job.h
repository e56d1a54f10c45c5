#pragma once

#include <memory>
#include <utility>

#include "common/loop.h"
#include "common/worker.h"

namespace quire::common {

// Upkeep that is asked for again and again, on a worker that may be slow: nothing is submitted
// while the job submitted before waits or runs, so that a queue behind a slow disk does not grow,
// and nothing is done twice that was wanted once. One thread, other than the worker's.
class SingleJob {
 public:
  explicit SingleJob(Worker& worker) : worker_(worker) {}

  void Submit(Task job) {
    if (!job_.expired()) return;
    auto shared = std::make_shared<Task>(std::move(job));
    job_ = shared;
    worker_.Submit([shared = std::move(shared)] { (*shared)(); });
  }

 private:
  Worker& worker_;
  std::weak_ptr<Task> job_;  // gone when the worker is done with it, or drops it
};

}  // namespace quire::common
