#include "tests/crash/process.h"

#include <array>

namespace quire::crash {

bookie::ShardOptions Process::Options(rocksdb::Env& env, std::uint64_t life) {
  bookie::ShardOptions options;
  options.directory = "crash";
  options.journal.file_bytes = 64 << 10;
  options.journal.spare_files = static_cast<int>((life + 1) % 3);
  options.store.cache_bytes = 24 << 10;
  options.store.index_path = "/index";
  options.store.index_env = &env;
  options.max_journal_bytes = 160 << 10;
  options.min_free_bytes = 0;
  return options;
}

Process::Process(Machine& machine, std::uint64_t life)
    : machine_(machine),
      shard_(loop_, protocol::BookieId{.high = 1, .low = 2},
             bookie::ShardResources{.journal_disk = machine.journal(),
                                    .store_disk = machine.segments(),
                                    .journal_worker = journal_,
                                    .flush_worker = flush_,
                                    .readers = {&reader_}},
             Options(machine.env(), life),
             bookie::Log([this](bookie::LogLevel level, std::string_view line) {
               if (level == bookie::LogLevel::kError) errors_ += std::string(line) + "\n";
             }),
             bookie::Shard::Events{}) {}

// The jobs that never ran own the store, the last one closes the index.
Process::~Process() {
  loop_.Drop();
  journal_.Drop();
  flush_.Drop();
  reader_.Drop();
}

common::Result<void> Process::Open() {
  auto opened = shard_.Open(bookie::RealStorage());
  machine_.env().Settle();
  if (opened) shard_.Start();
  return opened;
}

bool Process::Turn(common::Random& random) {
  const std::array<bool, 5> busy = {loop_.tasks() > 0, journal_.jobs() > 0, flush_.jobs() > 0,
                                    reader_.jobs() > 0, machine_.env().can_compact()};
  const auto waiting = static_cast<std::uint64_t>(std::ranges::count(busy, true));
  if (waiting == 0) return false;
  std::uint64_t chosen = common::Below(random, waiting);
  std::size_t thread = 0;
  while (!busy[thread] || chosen-- > 0) ++thread;
  switch (thread) {
    case 0: loop_.RunOne(); break;
    case 1: journal_.RunOne(); break;
    case 2: flush_.RunOne(); break;
    case 3: reader_.RunOne(); break;
    default: machine_.env().Compact(); break;
  }
  machine_.env().Settle();
  return true;
}

void Process::Settle() {
  int compactions = kMostCompactions;
  while (machine_.powered()) {
    const bool any = loop_.RunOne() || journal_.RunOne() || flush_.RunOne() || reader_.RunOne();
    machine_.env().Settle();
    if (any) continue;
    if (compactions-- == 0 || !machine_.env().Compact()) return;
  }
}

void Process::Wait(common::Duration duration) {
  Settle();
  loop_.Advance(duration);
  Settle();
}

}  // namespace quire::crash
