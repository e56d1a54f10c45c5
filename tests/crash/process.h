#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "bookie/collector.h"
#include "bookie/shard.h"
#include "common/error.h"
#include "common/random.h"
#include "metadata/ledger_store.h"
#include "metadata/memory_store.h"
#include "tests/bookie/manual_loop.h"
#include "tests/crash/machine.h"

namespace quire::crash {

// One life of a bookie: the real shard with its journal, store, index, checkpoints and compaction,
// and the real collector beside it, on a machine whose threads are taken turn by turn. Destroying
// it is the death of the process.
class Process {
 public:
  // Everything small, so that files roll, the cache is flushed and segments come and go within a
  // few hundred changes of the disk.
  static bookie::ShardOptions Options(rocksdb::Env& env, std::uint64_t life);
  // Between two rounds of the collector, in a life of a few hundred turns.
  static constexpr common::Duration kCollection = std::chrono::milliseconds(30);

  // Options that an operator may change from life to life depend on its number.
  Process(Machine& machine, std::uint64_t life);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Opens and replays. Once; nothing else after an error.
  common::Result<void> Open();
  // Takes one turn of a thread that has something to do, by chance, or compacts the index; false
  // when all are idle. The clock moves by a millisecond, so that timers have their turns too.
  bool Turn(common::Random& random);
  // Takes turns until all are idle, timers not counted, or the power is off.
  void Settle();
  // Settles and moves the clock, so that what waits for a timer is tried again.
  void Wait(common::Duration duration);

  bookie::Shard& shard() { return shard_; }
  Machine& machine() { return machine_; }
  common::TimePoint now() const { return loop_.Now(); }
  std::int64_t wall_ms() const;
  // What it told its operator at the level of errors.
  const std::string& errors() const { return errors_; }

 private:
  // At once: on a full disk RocksDB tries the same one for ever.
  static constexpr int kMostCompactions = 8;

  bool Run(bookie::ManualWorker& worker, std::string_view name);
  bool RunLoop();
  bool RunFlush();
  bool CompactIndex();

  Machine& machine_;
  const std::uint64_t life_;
  bookie::ManualLoop loop_;
  bookie::ManualWorker journal_;
  bookie::ManualWorker flush_;
  bookie::ManualWorker reader_;
  bookie::ManualWorker compaction_;
  common::Random random_;  // of metadata operations
  std::string errors_;
  bool opened_ = false;
  bookie::Shard shard_;
  metadata::MemoryStore metadata_;
  metadata::LedgerStore ledgers_;
  bookie::Collector collector_;
};

}  // namespace quire::crash
