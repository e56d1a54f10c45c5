#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/crash/machine.h"
#include "tests/crash/oracle.h"
#include "tests/crash/process.h"
#include "tests/crash/workload.h"

namespace quire::crash {

struct RunOptions {
  std::uint64_t seed = 1;
  std::uint64_t entries = 10'000;
  std::uint64_t life_changes = 200;  // of the disks in one life, about
};

// How a life ends: the power goes, only the process does, or the bookie is stopped.
enum class Ending { kPowerCut, kKill, kStop };

// One life of the bookie in the run without any crash point: what it begins with, and what
// happened. With these a point within it is tried without the lives before. Constant once it is
// made.
struct Life {
  std::uint64_t number = 0;
  Machine machine;  // at rest, before the start
  Oracle before;    // of what the start-up will find
  Oracle after;     // it was asked for all of it
  Workload workload{0, 0};
  std::uint64_t steps = 0;  // of the workload
  Ending ending = Ending::kStop;
  std::vector<std::string> changes;          // all of them, from the start on
  std::array<std::uint64_t, 3> writes = {};  // of each disk
  std::array<std::uint64_t, 3> syncs = {};
};

// Changes of the disks: each is a crash point.
struct PointCounts {
  std::uint64_t all = 0;
  std::uint64_t index = 0;              // in files of the index
  std::uint64_t copying = 0;            // by a compaction
  std::uint64_t beside_compaction = 0;  // flushes while one is under way, and its own commits
  std::uint64_t removals = 0;           // of segments, by collections and compactions

  void Count(std::string_view change);
};

// What happened in a run, for people.
struct RunFigures {
  std::uint64_t lives = 0;
  PointCounts points;
  std::uint64_t accepted = 0;         // adds
  std::uint64_t manifest_writes = 0;  // commits, compactions and starts of the index
  std::uint64_t journal_files = 0;
  std::uint64_t segments_made = 0;
  std::uint64_t compactions = 0;
  std::uint64_t compacted_bytes = 0;  // that were given back
  std::uint64_t deletes = 0;
  std::uint64_t fences = 0;
};

// Stops the bookie in good order, as a daemon does at SIGTERM. Requests were made no more.
void StopBookie(Process& process, Oracle& oracle);

// The run without crash points, life by life; the same from the same options.
class CrashRun {
 public:
  explicit CrashRun(const RunOptions& options);

  bool finished() const { return workload_.finished() || !violation_.empty(); }
  // Lives the next one. Null on a violation.
  std::unique_ptr<const Life> Next();
  const RunFigures& figures() const { return figures_; }
  const std::string& violation() const { return violation_; }

 private:
  bool Found(Life& life);
  bool Live(Life& life);
  void Count(const Life& life);

  const std::uint64_t life_changes_;
  common::Random random_;
  Machine machine_;
  Oracle oracle_;
  Workload workload_;
  RunFigures figures_;
  std::string violation_;
};

}  // namespace quire::crash
