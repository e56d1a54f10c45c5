#pragma once

#include <memory>
#include <string>

#include "bookie/shard.h"
#include "common/error.h"
#include "common/random.h"
#include "tests/bookie/manual_loop.h"
#include "tests/crash/machine.h"

namespace quire::crash {

// One life of a bookie: the real shard with its journal, store, index and checkpoints, on a machine
// whose threads are taken turn by turn. Destroying it is the death of the process.
class Process {
 public:
  // Everything small, so that files roll, the cache is flushed and segments come and go within a
  // few hundred changes of the disk.
  static bookie::ShardOptions Options(rocksdb::Env& env, std::uint64_t life);

  // Options that an operator may change from life to life depend on its number.
  Process(Machine& machine, std::uint64_t life);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Opens and replays. Once; nothing else after an error.
  common::Result<void> Open();
  // Takes one turn of a thread that has something to do, by chance, or compacts the index; false
  // when all are idle.
  bool Turn(common::Random& random);
  // Takes turns until all are idle, timers not counted, or the power is off.
  void Settle();
  // Settles and moves the clock, so that what waits for a timer is tried again.
  void Wait(common::Duration duration);

  bookie::Shard& shard() { return shard_; }
  Machine& machine() { return machine_; }
  // What it told its operator at the level of errors.
  const std::string& errors() const { return errors_; }

 private:
  // At once: on a full disk RocksDB tries the same one for ever.
  static constexpr int kMostCompactions = 8;

  Machine& machine_;
  bookie::ManualLoop loop_;
  bookie::ManualWorker journal_;
  bookie::ManualWorker flush_;
  bookie::ManualWorker reader_;
  std::string errors_;
  bookie::Shard shard_;
};

}  // namespace quire::crash
