#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "common/random.h"
#include "tests/crash/index_env.h"
#include "tests/crash/ledger_records.h"
#include "tests/support/sim_disk.h"

namespace quire::crash {

// What a bookie's process lives on: the three directories of its --dir, which lose power together,
// the environment of the index, and the metadata store, which is elsewhere and loses nothing. One
// process at a time.
class Machine {
 public:
  Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  testing::SimDisk& journal() { return journal_; }
  testing::SimDisk& segments() { return segments_; }
  testing::SimDisk& index() { return index_; }
  std::array<testing::SimDisk*, 3> disks() { return {&journal_, &segments_, &index_}; }
  IndexEnv& env() { return env_; }
  LedgerRecords& records() { return records_; }

  // The three below: no process runs.
  void CopyFrom(const Machine& other);
  // The power goes and comes back: what was not synced is lost, or part of it.
  void Crash(common::Random& random);
  // Only the process died.
  void Kill();

  // After n more changes of any disk the power is off, the n+1st happens in part.
  void CutAfter(std::uint64_t n) { cut_ = changes_ + n; }
  bool powered() const { return !off_; }

  // Who makes the changes from now on, for their text: a thread of the process.
  void set_actor(std::string_view actor) { actor_ = actor; }
  // The changes since construction or CopyFrom, as text that is the same in each run from one seed.
  std::uint64_t changes() const { return changes_; }
  std::string last_change() const { return recent_.empty() ? "" : recent_.back(); }
  const std::deque<std::string>& recent() const { return recent_; }
  // Keeps the text of all changes from now on.
  void Record() { recording_ = true; }
  const std::vector<std::string>& recorded() const { return recorded_; }

 private:
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};
  static constexpr std::size_t kRecent = 12;

  void Watch(testing::SimDisk& disk, const testing::SimDisk::Change& change);
  void Restore();

  testing::SimDisk journal_{"journal"};
  testing::SimDisk segments_{"segments"};
  testing::SimDisk index_{"index"};
  LedgerRecords records_;

  // One thread at a time: that of the process, or that of the index's work, for which it waits.
  std::uint64_t changes_ = 0;
  std::uint64_t cut_ = kNever;
  std::string actor_;
  std::deque<std::string> recent_;
  bool recording_ = false;
  std::vector<std::string> recorded_;
  std::atomic<bool> off_ = false;  // also looked at while the index removes a file

  IndexEnv env_;  // its thread ends first
};

}  // namespace quire::crash
