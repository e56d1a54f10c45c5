#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "bookie/prefetcher.h"
#include "bookie/reader_loads.h"
#include "bookie/store_core.h"
#include "bookie/write_cache_halves.h"
#include "common/error.h"
#include "common/loop.h"
#include "common/worker.h"
#include "protocol/messages.h"

namespace quire::bookie {

// The reads of a store: which reader thread does which, and what idle ones read ahead. Loop thread;
// what blocks runs on the readers.
class ReadScheduler {
 public:
  // `cache`: the entries that are not stored yet. `read_cache_bytes` of 0: nothing is read ahead.
  ReadScheduler(common::Loop& loop, std::vector<common::Worker*> readers,
                std::shared_ptr<StoreCore> core, const CacheHalves& cache,
                std::size_t read_cache_bytes)
      : loop_(loop),
        readers_(std::move(readers)),
        core_(std::move(core)),
        cache_(cache),
        loads_(readers_.size()),
        prefetcher_(read_cache_bytes) {}

  // See Store::FindCached, Read, NoteRead and List.
  std::optional<std::string_view> Find(protocol::LedgerId ledger, protocol::EntryId entry);
  void Read(protocol::LedgerId ledger, std::vector<protocol::EntryId> entries,
            std::size_t max_bytes, common::Callback<std::vector<protocol::EntryAnswer>> done);
  void Note(const ReadAhead::Range& read, std::uint64_t bytes, protocol::EntryId last);
  void List(protocol::LedgerId ledger, protocol::EntryId from, std::size_t max_runs,
            common::Callback<common::Result<std::vector<protocol::EntryRun>>> done);

  // The ledger was deleted.
  void Forget(protocol::LedgerId ledger) { prefetcher_.Forget(ledger); }

  const Prefetcher& prefetcher() const { return prefetcher_; }

 private:
  // A prefetch that a reader works on, and the reads that want what it will bring.
  struct Running {
    Prefetcher::Job job;
    std::vector<common::Task> waiting;
  };

  // Runs the job on a reader; `done` gets what it returns in a later turn, unless the store has
  // gone.
  template <typename T>
  void Run(std::size_t reader, std::move_only_function<T(StoreCore&)> job,
           common::Callback<T> done);
  template <typename T>
  void RunRead(std::move_only_function<T(StoreCore&)> job, common::Callback<T> done);
  void Prefetch();

  // Constant after construction.
  common::Loop& loop_;
  const std::vector<common::Worker*> readers_;
  const std::shared_ptr<StoreCore> core_;
  const CacheHalves& cache_;

  // Loop thread.
  ReaderLoads loads_;
  Prefetcher prefetcher_;
  std::list<Running> running_;
  const std::shared_ptr<char> alive_ = std::make_shared<char>();  // gone when the store is
};

}  // namespace quire::bookie
