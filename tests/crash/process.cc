#include "tests/crash/process.h"

#include <array>
#include <chrono>

#include "bookie/compactor.h"

namespace quire::crash {

bookie::ShardOptions Process::Options(rocksdb::Env& env, std::uint64_t life) {
  bookie::ShardOptions options;
  options.directory = "crash";
  options.journal.file_bytes = 64 << 10;
  options.journal.spare_files = static_cast<int>((life + 1) % 3);
  options.store.cache_bytes = 24 << 10;
  // Every other life keeps dead segments, and the next one removes them when it looks at the disk.
  options.store.quarantine = {.keep = std::chrono::seconds(life % 2),
                              .wall_seconds = [] { return std::int64_t{0}; }};
  options.store.index_path = "/index";
  options.store.index_env = &env;
  options.store.compaction.min_garbage = 0.1;
  options.store.compaction.bytes_per_second = 2 << 20;
  options.store.compaction.step_bytes = 8 << 10;
  options.store.compaction.segment_bytes = 64 << 10;
  options.store.compaction.round_bytes = 96 << 10;
  options.store.compaction.interval = std::chrono::milliseconds(20);
  options.max_journal_bytes = 160 << 10;
  options.min_free_bytes = 0;
  return options;
}

Process::Process(Machine& machine, std::uint64_t life)
    : machine_(machine),
      life_(life),
      random_(life),
      shard_(loop_, protocol::BookieId{.high = 1, .low = 2},
             bookie::ShardResources{.journal_disk = machine.journal(),
                                    .store_disk = machine.segments(),
                                    .journal_worker = journal_,
                                    .flush_worker = flush_,
                                    .readers = {&reader_},
                                    .compaction_worker = &compaction_},
             Options(machine.env(), life),
             bookie::Log([this](bookie::LogLevel level, std::string_view line) {
               if (level == bookie::LogLevel::kError) errors_ += std::string(line) + "\n";
             }),
             bookie::Shard::Events{}),
      metadata_(loop_, machine.records().tree()),
      ledgers_(loop_, metadata_, random_),
      collector_({.loop = loop_,
                  .shard = shard_,
                  .metadata = metadata_,
                  .ledgers = ledgers_,
                  .instance = LedgerRecords::kInstance,
                  .wall_ms = [this] { return wall_ms(); },
                  .log = {}},
                 {.interval = kCollection,
                  .purge_grace = 2 * kCollection,
                  .absence_interval = kCollection,
                  .max_drop_percent = 50}) {
  machine_.set_actor("start");
}

// The jobs that never ran own the store, the last one closes the index.
Process::~Process() {
  loop_.Drop();
  journal_.Drop();
  flush_.Drop();
  reader_.Drop();
  compaction_.Drop();
}

common::Result<void> Process::Open() {
  auto opened = shard_.Open(bookie::RealStorage());
  machine_.env().Settle();
  if (!opened) return opened;
  opened_ = true;
  shard_.Start();
  collector_.Start();
  return {};
}

std::int64_t Process::wall_ms() const {
  const auto alive =
      std::chrono::duration_cast<std::chrono::milliseconds>(now().time_since_epoch());
  return static_cast<std::int64_t>(life_) * 1'000'000 + alive.count();
}

bool Process::Run(bookie::ManualWorker& worker, std::string_view name) {
  machine_.set_actor(name);
  const bool any = worker.RunOne();
  machine_.env().Settle();
  return any;
}

bool Process::RunLoop() {
  machine_.set_actor("loop");
  const bool any = loop_.RunOne();
  machine_.env().Settle();
  return any;
}

// The commits of a compaction are among the jobs while one is under way.
bool Process::RunFlush() {
  const bookie::Compactor* compactor = opened_ ? shard_.compactor() : nullptr;
  return Run(flush_, compactor != nullptr && compactor->stats().running ? "flush beside compaction"
                                                                        : "flush");
}

bool Process::CompactIndex() {
  machine_.set_actor("index compaction");
  const bool any = machine_.env().Compact();
  machine_.env().Settle();
  return any;
}

bool Process::Turn(common::Random& random) {
  loop_.Advance(std::chrono::milliseconds(1));
  const std::array<bool, 6> busy = {loop_.tasks() > 0,      journal_.jobs() > 0,
                                    flush_.jobs() > 0,      reader_.jobs() > 0,
                                    compaction_.jobs() > 0, machine_.env().can_compact()};
  const auto waiting = static_cast<std::uint64_t>(std::ranges::count(busy, true));
  if (waiting == 0) return false;
  std::uint64_t chosen = common::Below(random, waiting);
  std::size_t thread = 0;
  while (!busy[thread] || chosen-- > 0) ++thread;
  switch (thread) {
    case 0:
      // Several, or the collector, a task for each ledger, would keep all others waiting.
      for (std::uint64_t tasks = 1 + common::Below(random, 16); tasks > 0 && RunLoop();) --tasks;
      return true;
    case 1: return Run(journal_, "journal");
    case 2: return RunFlush();
    case 3: return Run(reader_, "reader");
    case 4: return Run(compaction_, "compaction");
    default: return CompactIndex();
  }
}

void Process::Settle() {
  int compactions = kMostCompactions;
  while (machine_.powered()) {
    if (RunLoop() || Run(journal_, "journal") || RunFlush() || Run(reader_, "reader") ||
        Run(compaction_, "compaction")) {
      continue;
    }
    if (compactions-- == 0 || !CompactIndex()) return;
  }
}

void Process::Wait(common::Duration duration) {
  Settle();
  loop_.Advance(duration);
  Settle();
}

}  // namespace quire::crash
