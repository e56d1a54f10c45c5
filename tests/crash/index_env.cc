#include "tests/crash/index_env.h"

#include <rocksdb/system_clock.h>

#include <vector>

#include "common/check.h"

namespace quire::crash {

namespace {

// After an error RocksDB sleeps for a second before its thread goes on.
class SleeplessClock final : public rocksdb::SystemClockWrapper {
 public:
  SleeplessClock() : SystemClockWrapper(rocksdb::SystemClock::Default()) {}
  const char* Name() const override { return "SleeplessClock"; }
  void SleepForMicroseconds(int) override {}
};

}  // namespace

IndexEnv::IndexEnv(testing::SimDisk& disk)
    : EnvWrapper(rocksdb::NewCompositeEnv(std::make_shared<IndexFileSystem>(disk))),
      thread_([this] { Run(); }) {
  file_system_ = target()->GetFileSystem();
  system_clock_ = std::make_shared<SleeplessClock>();
}

IndexEnv::~IndexEnv() {
  {
    const std::lock_guard lock(mutex_);
    QUIRE_CHECK(waiting_.empty());
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void IndexEnv::Settle() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ready_.empty() && !running_; });
}

bool IndexEnv::Compact() {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) return false;
    ready_.push_back(waiting_.front());
    waiting_.pop_front();
  }
  changed_.notify_all();
  Settle();
  return true;
}

bool IndexEnv::can_compact() const {
  const std::lock_guard lock(mutex_);
  return !waiting_.empty();
}

void IndexEnv::Schedule(void (*job)(void*), void* argument, Priority priority, void* tag,
                        void (*unscheduled)(void*)) {
  const bool compaction = priority == LOW || priority == BOTTOM;
  {
    const std::lock_guard lock(mutex_);
    (compaction ? waiting_ : ready_).push_back({job, argument, tag, unscheduled, priority});
  }
  changed_.notify_all();
}

int IndexEnv::UnSchedule(void* tag, Priority priority) {
  std::vector<Job> dropped;
  {
    const std::lock_guard lock(mutex_);
    for (auto* jobs : {&ready_, &waiting_}) {
      std::erase_if(*jobs, [&](const Job& job) {
        const bool mine = job.tag == tag && job.priority == priority;
        if (mine) dropped.push_back(job);
        return mine;
      });
    }
  }
  for (const Job& job : dropped) {
    if (job.unscheduled != nullptr) job.unscheduled(job.argument);
  }
  changed_.notify_all();
  return static_cast<int>(dropped.size());
}

void IndexEnv::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stop_ || !ready_.empty(); });
    if (ready_.empty()) return;
    const Job job = ready_.front();
    ready_.pop_front();
    running_ = true;
    lock.unlock();
    job.run(job.argument);
    lock.lock();
    running_ = false;
    changed_.notify_all();
  }
}

}  // namespace quire::crash
