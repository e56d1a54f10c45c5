#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bookie/compactor.h"
#include "bookie/scrubber.h"
#include "bookie/store.h"
#include "common/check.h"
#include "common/loop.h"
#include "common/worker.h"
#include "protocol/entry.h"
#include "tests/support/sim_disk.h"

namespace quire::bookie {

// A loop and workers of one thread: nothing happens before the test says so.
class StepLoop final : public common::Loop {
 public:
  common::TimePoint Now() const override { return {}; }
  void Post(common::Task task) override { tasks_.push_back(std::move(task)); }
  // Timers wait until the test fires them.
  TimerId After(common::Duration delay, common::Task task) override {
    waited_ += delay;
    timers_.emplace(++last_timer_, std::move(task));
    return last_timer_;
  }
  void Cancel(TimerId id) override { timers_.erase(id); }
  void FireTimers() {
    for (auto& [id, task] : std::exchange(timers_, {})) tasks_.push_back(std::move(task));
  }
  common::Duration waited() const { return waited_; }  // of all timers ever

  bool Step() {
    if (tasks_.empty()) return false;
    common::Task task = std::move(tasks_.front());
    tasks_.pop_front();
    task();
    return true;
  }

 private:
  std::deque<common::Task> tasks_;
  std::map<TimerId, common::Task> timers_;
  TimerId last_timer_ = 0;
  common::Duration waited_{0};
};

class StepWorker final : public common::Worker {
 public:
  void Submit(common::Task job) override { jobs_.push_back(std::move(job)); }

  bool Step() {
    if (jobs_.empty()) return false;
    common::Task job = std::move(jobs_.front());
    jobs_.pop_front();
    job();
    return true;
  }

 private:
  std::deque<common::Task> jobs_;
};

// A directory under the system's temporary one, removed at the end.
class TempDirectory {
 public:
  TempDirectory();
  ~TempDirectory();
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A whole encoded entry whose payload follows from the ids and is `size` bytes long.
std::string MakeEntry(std::int64_t ledger, std::int64_t entry, std::size_t size = 100);

// A store with a simulated disk for its segments and a real directory for its index. Stands in for
// the shard: gives out LSNs and, in Flush, lets the journal be durable at once.
class StoreHarness {
 public:
  using Ids = std::vector<std::int64_t>;

  explicit StoreHarness(std::uint64_t cache_bytes = 64 << 20) : cache_bytes_(cache_bytes) {}
  ~StoreHarness() { Close(); }

  common::Result<void> Open();
  // What a killed process leaves behind: jobs that were queued never run.
  void Close();
  common::Result<void> Reopen() {
    Close();
    return Open();
  }

  void Add(std::int64_t ledger, std::int64_t entry, std::size_t size = 100);
  void AddRange(std::int64_t ledger, std::int64_t first, std::int64_t last, std::size_t size = 100);
  // Complete when it returns. The default LSN covers every Add so far.
  common::Result<void> Flush(Store::Commit commit = {});
  // Begins a flush; the outcome goes to `outcomes`.
  void StartFlush(Store::Commit commit = {});
  void Settle();
  // A whole round of compaction, and whatever else is waiting.
  void Compact();

  std::vector<protocol::EntryAnswer> Read(std::int64_t ledger, const Ids& ids,
                                          std::size_t max_bytes = 1 << 30);
  protocol::Code ReadOne(std::int64_t ledger, std::int64_t entry);
  // "kOk" and the right bytes for all of [first, last].
  bool HasAll(std::int64_t ledger, std::int64_t first, std::int64_t last, std::size_t size = 100);
  std::vector<protocol::EntryRun> List(std::int64_t ledger, std::int64_t from = 0,
                                       std::size_t max_runs = 1000);
  std::vector<std::string> Segments() const;

  Lsn lsn = 0;
  testing::SimDisk disk;
  TempDirectory index;
  StepLoop loop;
  std::unique_ptr<StepWorker> flush_worker = std::make_unique<StepWorker>();
  std::unique_ptr<StepWorker> reader = std::make_unique<StepWorker>();
  std::unique_ptr<StepWorker> compaction_worker = std::make_unique<StepWorker>();
  CompactionOptions compaction;  // of the next Open
  ScrubOptions scrub;            // likewise
  QuarantineOptions quarantine{.keep = {}, .wall_seconds = [this] { return now; }};  // as well
  std::int64_t now = 1'000'000;                // seconds since 1970
  std::function<bool()> make_room;             // as well
  std::vector<common::Result<void>> outcomes;  // of flushes
  std::unique_ptr<Store> store;

 private:
  const std::uint64_t cache_bytes_;
  bool begun_ = false;
};

}  // namespace quire::bookie
