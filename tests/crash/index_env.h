#pragma once

#include <rocksdb/env.h>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "tests/crash/index_file_system.h"

namespace quire::crash {

// The environment of the RocksDB index: its files on a simulated disk, and its background work in
// an order that depends on nothing but the calls. RocksDB flushes on a thread of its own while the
// caller of IndexDb::Write waits, and compacts whenever it likes; here one thread does both, a
// flush at once, a compaction when it is asked for (Compact). Settle waits for what is under way:
// the tail of a flush goes on after the caller was told, and must not race with what the caller
// does next on another disk. What this leaves out: a compaction between two steps of one flush.
class IndexEnv final : public rocksdb::EnvWrapper {
 public:
  explicit IndexEnv(testing::SimDisk& disk);
  // The index is closed.
  ~IndexEnv() override;

  const char* Name() const override { return "IndexEnv"; }

  // Not from RocksDB's own work.
  void Settle();
  // Does one of the compactions that wait; false when there is none.
  bool Compact();
  bool can_compact() const;

  void Schedule(void (*job)(void*), void* argument, Priority priority, void* tag,
                void (*unscheduled)(void*)) override;
  int UnSchedule(void* tag, Priority priority) override;
  void SetBackgroundThreads(int, Priority) override {}
  void IncBackgroundThreadsIfNeeded(int, Priority) override {}
  int GetBackgroundThreads(Priority) override { return 1; }
  unsigned int GetThreadPoolQueueLen(Priority) const override { return 0; }

 private:
  struct Job {
    void (*run)(void*);
    void* argument;
    void* tag;
    void (*unscheduled)(void*);
    Priority priority;
  };

  void Run();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> ready_;    // all guarded by mutex_
  std::deque<Job> waiting_;  // compactions
  bool running_ = false;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace quire::crash
