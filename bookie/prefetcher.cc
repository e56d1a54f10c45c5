#include "bookie/prefetcher.h"

#include <algorithm>
#include <utility>

namespace quire::bookie {

using protocol::LedgerId;

void Prefetcher::Observe(const ReadAhead::Range& read, std::uint64_t bytes,
                         protocol::EntryId last) {
  if (cache_.max_bytes() == 0) return;
  // The reader was faster: what it has read itself needs no fetching any more.
  std::erase_if(queue_, [&](const ReadAhead::Range& range) {
    return range.ledger == read.ledger && read.first <= range.first && range.end <= read.end;
  });
  for (ReadAhead::Range& range : read_ahead_.Observe(read, bytes)) {
    range.end = std::min(range.end, last + 1);
    if (range.first >= range.end || cache_.Has(range.ledger, range.first)) continue;
    queue_.push_back(range);
    if (queue_.size() > kMaxQueued) queue_.pop_front();
  }
}

void Prefetcher::Forget(LedgerId ledger) {
  ++forgotten_;
  std::erase_if(queue_, [ledger](const auto& range) { return range.ledger == ledger; });
  cache_.Forget(ledger);
  read_ahead_.Forget(ledger);
}

Prefetcher::Job Prefetcher::Take() {
  const Job job{.range = queue_.front(), .forgotten = forgotten_};
  queue_.pop_front();
  return job;
}

void Prefetcher::Loaded(const Job& job, EntryBlock block) {
  if (job.forgotten != forgotten_) return;
  loaded_bytes_ += block.bytes.size();
  cache_.Put(std::move(block));
}

void Prefetcher::Wasted(const EntryBlock& block) {
  wasted_bytes_ += block.bytes.size();
  read_ahead_.Wasted(block.ledger);
}

}  // namespace quire::bookie
