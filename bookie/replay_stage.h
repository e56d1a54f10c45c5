#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "common/loop.h"
#include "common/worker.h"

namespace quire::bookie {

// A shard opens before its loop serves it, in one blocking call, and may have to flush its store on
// the way when the journal holds more than the write cache. Meanwhile the store runs on this pair
// instead of the real loop and workers: jobs run where they are submitted, posted tasks when Pump
// is called, all on the thread that opens. GoLive hands over to the real ones; from then on both
// only forward. The simulation opens its bookies the same way, inside one event.
class StagedLoop final : public common::Loop {
 public:
  explicit StagedLoop(common::Loop& loop) : loop_(loop) {}

  common::TimePoint Now() const override { return loop_.Now(); }
  void Post(common::Task task) override;
  TimerId After(common::Duration delay, common::Task task) override;  // after GoLive only
  void Cancel(TimerId id) override;

  // Runs what was posted, also by those tasks. False when there was nothing.
  bool Pump();
  // Opening thread, while nothing else uses the loop.
  void GoLive();

 private:
  common::Loop& loop_;
  std::deque<common::Task> posted_;  // until GoLive, opening thread
  bool live_ = false;                // written once, before other threads can see this object
};

class StagedWorker final : public common::Worker {
 public:
  explicit StagedWorker(common::Worker& worker) : worker_(worker) {}

  void Submit(common::Task job) override;
  void GoLive() { live_ = true; }
  common::Worker& real() { return worker_; }

 private:
  common::Worker& worker_;
  std::deque<common::Task> jobs_;  // submitted by a running job, until GoLive
  bool running_ = false;
  bool live_ = false;
};

// The stand-ins of one shard. Shared, because a job that was submitted before the shard went may
// still post when the shard is gone: Retire keeps them until each worker is past such jobs.
struct ReplayStage {
  ReplayStage(common::Loop& real_loop, common::Worker& real_flush,
              const std::vector<common::Worker*>& real_readers);

  std::vector<common::Worker*> Readers() const;
  void GoLive();
  static void Retire(const std::shared_ptr<ReplayStage>& stage);

  StagedLoop loop;
  StagedWorker flush;
  std::vector<std::unique_ptr<StagedWorker>> readers;
};

}  // namespace quire::bookie
