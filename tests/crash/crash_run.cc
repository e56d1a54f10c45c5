#include "tests/crash/crash_run.h"

#include <optional>
#include <string_view>
#include <utility>

#include "bookie/compactor.h"
#include "bookie/index.h"
#include "common/check.h"
#include "tests/crash/audit.h"
#include "tests/crash/process.h"

namespace quire::crash {

namespace {

// From where the index looks for it.
bool IsRemoval(std::string_view change) {
  return change.contains(": segments: remove") || change.contains(": segments: rename");
}

// No request puts a ledger into limbo; a bookie that lost its past would begin with such an index.
void PutLimbo(Machine& machine, Oracle& oracle) {
  const auto options = Process::Options(machine.env(), 0);
  auto index = bookie::Index::Open(options.store.index_path, options.store.index_env);
  QUIRE_CHECK(index.has_value());
  auto commit = (*index)->Begin();
  for (const std::int64_t id : Workload::kLimboLedgers) {
    const protocol::LedgerId ledger(id);
    commit.PutState(ledger, {.key = Workload::KeyOf(ledger), .limbo = true});
    oracle.SetLimbo(ledger);
    machine.records().Begin(ledger, Workload::KeyOf(ledger));
  }
  QUIRE_CHECK(commit.Finish({}).has_value());
}

}  // namespace

void PointCounts::Count(std::string_view change) {
  ++all;
  index += change.contains(": index: ") ? 1 : 0;
  copying += change.starts_with("compaction: ") ? 1 : 0;
  beside_compaction += change.starts_with("flush beside compaction: ") ? 1 : 0;
  removals += IsRemoval(change) ? 1 : 0;
}

CrashRun::CrashRun(const RunOptions& options)
    : life_changes_(options.life_changes),
      random_(options.seed),
      workload_(options.seed + 1, options.entries) {
  PutLimbo(machine_, oracle_);
  machine_.Crash(random_);
}

std::unique_ptr<const Life> CrashRun::Next() {
  auto life = std::make_unique<Life>();
  life->number = figures_.lives++;
  life->machine.CopyFrom(machine_);
  life->before = oracle_;
  life->workload = workload_;
  if (!Found(*life) || !Live(*life)) return nullptr;
  Count(*life);
  return life;
}

// Asks in a copy, so that asking leaves no trace in the life.
bool CrashRun::Found(Life& life) {
  Machine machine;
  machine.CopyFrom(machine_);
  Process process(machine, life.number);
  if (auto opened = process.Open(); !opened) {
    violation_ = "start-up fails: " + opened.error().ToString();
    return false;
  }
  Audit(process, oracle_);
  violation_ = oracle_.violation();
  life.after = oracle_;
  return violation_.empty();
}

bool CrashRun::Live(Life& life) {
  machine_.CopyFrom(life.machine);
  machine_.Record();
  std::array<std::uint64_t, 3> writes;
  std::array<std::uint64_t, 3> syncs;
  for (std::size_t i = 0; i < 3; ++i) {
    writes[i] = machine_.disks()[i]->writes();
    syncs[i] = machine_.disks()[i]->syncs();
  }
  const std::uint64_t fate = common::Below(random_, 4);
  life.ending = fate == 0 ? Ending::kStop : fate == 1 ? Ending::kKill : Ending::kPowerCut;
  {
    Process process(machine_, life.number);
    if (auto opened = process.Open(); !opened) {
      violation_ = "start-up fails: " + opened.error().ToString();
      return false;
    }
    while (machine_.changes() < life_changes_ && !workload_.finished() && !oracle_.broken()) {
      workload_.Step(process, oracle_);
      ++life.steps;
    }
    if (life.ending == Ending::kStop) {
      workload_.Drain(process, oracle_);
      StopBookie(process, oracle_);
    }
    if (const bookie::Compactor* compactor = process.shard().compactor()) {
      figures_.compactions += compactor->stats().rounds;
      figures_.compacted_bytes += compactor->stats().removed_bytes;
    }
    if (process.shard().mode() != bookie::ShardMode::kWritable) {
      oracle_.Violate("the bookie gave up without any fault: " + process.errors());
    }
  }
  workload_.Restarted();
  life.changes = machine_.recorded();
  for (std::size_t i = 0; i < 3; ++i) {
    life.writes[i] = machine_.disks()[i]->writes() - writes[i];
    life.syncs[i] = machine_.disks()[i]->syncs() - syncs[i];
  }
  if (life.ending == Ending::kPowerCut) {
    machine_.Crash(random_);
  } else {
    machine_.Kill();
  }
  violation_ = oracle_.violation();
  return violation_.empty();
}

void CrashRun::Count(const Life& life) {
  for (const std::string& change : life.changes) {
    figures_.points.Count(change);
    const auto is = [&](std::string_view what) { return change.contains(what); };
    figures_.manifest_writes += is(": index: write MANIFEST") ? 1 : 0;
    figures_.journal_files += is(": journal: create") || is(": journal: rename") ? 1 : 0;
    figures_.segments_made += is(": segments: create") ? 1 : 0;
  }
  figures_.accepted = workload_.accepted();
  figures_.deletes = workload_.deletes();
  figures_.fences = workload_.fences();
}

void StopBookie(Process& process, Oracle& oracle) {
  std::optional<common::Result<void>> stopped;
  process.shard().Stop([&](common::Result<void> outcome) { stopped = std::move(outcome); });
  process.Settle();
  if (!process.machine().powered()) return;
  if (!stopped) return oracle.Violate("a stop that does not end");
  if (!*stopped) oracle.Violate("a stop fails: " + stopped->error().ToString());
}

}  // namespace quire::crash
