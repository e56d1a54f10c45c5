#include "bookie/read_scheduler.h"

#include <algorithm>
#include <utility>

#include "bookie/store_list.h"
#include "bookie/store_prefetch.h"
#include "bookie/store_read.h"

namespace quire::bookie {

using protocol::EntryAnswer;
using protocol::EntryId;
using protocol::EntryRun;
using protocol::LedgerId;

std::optional<std::string_view> ReadScheduler::Find(LedgerId ledger, EntryId entry) {
  if (const auto unstored = cache_.Find(ledger, entry)) return unstored;
  return prefetcher_.Find(ledger, entry);
}

void ReadScheduler::Read(LedgerId ledger, std::vector<EntryId> entries, std::size_t max_bytes,
                         common::Callback<std::vector<EntryAnswer>> done) {
  std::vector<ReadItem> items;
  items.reserve(entries.size());
  std::size_t cached_bytes = 0;
  std::size_t missing = 0;
  for (const EntryId id : entries) {
    items.push_back({.id = id, .cached = std::nullopt});
    const auto cached = Find(ledger, id);
    if (!cached) {
      const auto running = std::ranges::find_if(running_, [&](const Running& prefetch) {
        const ReadAhead::Range& range = prefetch.job.range;
        return range.ledger == ledger && range.first <= id && id < range.end;
      });
      if (missing++ == 0 && running != running_.end()) {
        running->waiting.push_back([this, ledger, entries = std::move(entries), max_bytes,
                                    done = std::move(done)]() mutable {
          Read(ledger, std::move(entries), max_bytes, std::move(done));
        });
        return;
      }
      continue;
    }
    items.back().cached.emplace(*cached);
    cached_bytes += cached->size();
    if (cached_bytes >= max_bytes) break;  // whatever comes before it, no answer comes behind
  }
  RunRead<std::vector<EntryAnswer>>(
      [ledger, items = std::move(items), max_bytes](StoreCore& core) mutable {
        return BatchRead(core, ledger, std::move(items), max_bytes).Run();
      },
      std::move(done));
}

void ReadScheduler::List(LedgerId ledger, EntryId from, std::size_t max_runs,
                         common::Callback<common::Result<std::vector<EntryRun>>> done) {
  RunRead<common::Result<std::vector<EntryRun>>>(
      [ledger, from, max_runs, cached = cache_.Runs(ledger, from)](StoreCore& core) {
        return ListRuns(core.index->View(), ledger, from, max_runs, cached);
      },
      std::move(done));
}

void ReadScheduler::Note(const ReadAhead::Range& read, std::uint64_t bytes, EntryId last) {
  prefetcher_.Observe(read, bytes, last);
  Prefetch();
}

void ReadScheduler::Prefetch() {
  while (prefetcher_.waiting()) {
    const auto reader = loads_.ForPrefetch();
    if (!reader) return;
    const Prefetcher::Job job = prefetcher_.Take();
    const auto running = running_.insert(running_.end(), {.job = job, .waiting = {}});
    Run<EntryBlock>(
        *reader,
        [range = job.range](StoreCore& core) {
          return ReadBlock(core, range, Prefetcher::kMaxBlockBytes);
        },
        [this, reader = *reader, running](EntryBlock block) {
          loads_.PrefetchDone(reader);
          prefetcher_.Loaded(running->job, std::move(block));
          auto waiting = std::move(running->waiting);
          running_.erase(running);
          for (common::Task& read : waiting) read();
          Prefetch();
        });
  }
}

template <typename T>
void ReadScheduler::RunRead(std::move_only_function<T(StoreCore&)> job, common::Callback<T> done) {
  const std::size_t reader = loads_.ForRead();
  Run<T>(reader, std::move(job), [this, reader, done = std::move(done)](T answer) mutable {
    loads_.ReadDone(reader);
    Prefetch();
    done(std::move(answer));
  });
}

template <typename T>
void ReadScheduler::Run(std::size_t reader, std::move_only_function<T(StoreCore&)> job,
                        common::Callback<T> done) {
  // The callback ends its life on the loop in any case.
  readers_[reader]->Submit([core = core_, &loop = loop_, alive = std::weak_ptr(alive_),
                            job = std::move(job), done = std::move(done)]() mutable {
    T answer{};
    if (!core->stopped) answer = job(*core);
    loop.Post(
        [alive = std::move(alive), answer = std::move(answer), done = std::move(done)]() mutable {
          if (!alive.expired()) done(std::move(answer));
        });
  });
}

}  // namespace quire::bookie
