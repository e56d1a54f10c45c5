#include "bookie/store_flusher.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "common/check.h"

namespace quire::bookie {

using common::Errc;
using common::Fail;
using common::Result;
using protocol::LedgerId;

StoreFlusher::StoreFlusher(Environment environment, SegmentId next_segment)
    : loop_(environment.loop),
      worker_(environment.worker),
      core_(std::move(environment.core)),
      cache_(environment.cache),
      next_segment_(next_segment),
      committed_{.stored = core_->index->record().stored, .stats = IndexStats(*core_->index)} {}

void StoreFlusher::Flush(Store::Commit commit, common::Callback<Result<void>> done) {
  QUIRE_CHECK(!flushing());
  QUIRE_CHECK(commit.lsn >= committed_.stored);
  if (failed_) {
    return loop_.Post(
        [alive = std::weak_ptr(alive_), error = *failed_, done = std::move(done)]() mutable {
          if (!alive.expired()) done(Fail(std::move(error)));
        });
  }
  // No worker looks at the frozen half now. What it or the active one holds of a deleted ledger
  // would otherwise come back to life in a segment.
  for (const LedgerId ledger : commit.dropped) cache_.Forget(ledger);
  gate_ = commit.lsn;
  drops_tried_ = false;
  done_ = std::move(done);
  if (cache_.has_frozen()) {
    Merge(std::move(commit));
  } else {
    cache_.Freeze();
    commit_ = std::move(commit);
  }
  Write();
}

void StoreFlusher::IndexFailed(common::Error error) {
  if (!failed_) failed_ = std::move(error);
}

// A retry. Newer states under the half's older LSN do no harm: they only grow, and the journal,
// which is durable beyond them when they are committed, repeats them at a restart.
void StoreFlusher::Merge(Store::Commit commit) {
  std::unordered_map<LedgerId, LedgerState> newer(commit.states.begin(), commit.states.end());
  for (auto& [ledger, state] : commit_.states) newer.try_emplace(ledger, state);
  commit_.states.assign(newer.begin(), newer.end());
  auto& dropped = commit_.dropped;
  dropped.insert(dropped.end(), commit.dropped.begin(), commit.dropped.end());
  std::ranges::sort(dropped);
  const auto twice = std::ranges::unique(dropped);
  dropped.erase(twice.begin(), twice.end());
  commit_.settled.insert(commit_.settled.end(), commit.settled.begin(), commit.settled.end());
}

void StoreFlusher::JournalDurable(Lsn lsn) {
  durable_ = std::max(durable_, lsn);
  Proceed();
}

void StoreFlusher::Write() {
  step_ = Step::kWrite;
  segment_.reset();
  if (cache_.frozen()->empty()) {
    step_ = Step::kAwaitCommit;
    return Proceed();
  }
  Run<Result<WrittenSegment>>([half = cache_.frozen(), id = next_segment_++](
                                  StoreCore& core) { return WriteSegment(core, *half, id); },
                              &StoreFlusher::Written);
}

void StoreFlusher::Written(Result<WrittenSegment> segment) {
  if (segment) {
    segment_write_.Observe(SinceBegun());
    segment_ = *segment;
    step_ = Step::kAwaitCommit;
    return Proceed();
  }
  const bool full = segment.error().code() == Errc::kDiskFull;
  if (full && !drops_tried_ && !commit_.dropped.empty()) {
    drops_tried_ = true;
    step_ = Step::kAwaitDrop;
    return Proceed();
  }
  if (!full) failed_ = segment.error();
  End(Fail(std::move(segment).error()));
}

// The index must not be ahead of the journal: LSNs would be given out twice after a crash, and a
// deletion that nobody was promised would have happened.
void StoreFlusher::Proceed() {
  if (durable_ < gate_) return;
  if (step_ == Step::kAwaitDrop) {
    step_ = Step::kDrop;
    Run<Result<StoreCommitted>>(
        [dropped = commit_.dropped](StoreCore& core) { return CommitDrops(core, dropped); },
        &StoreFlusher::Dropped);
  } else if (step_ == Step::kAwaitCommit) {
    step_ = Step::kCommit;
    Run<Result<StoreCommitted>>(
        [half = cache_.frozen(), segment = segment_, commit = commit_](StoreCore& core) {
          return CommitFlush(core, *half, segment, commit);
        },
        &StoreFlusher::Committed);
  }
}

void StoreFlusher::Dropped(Result<StoreCommitted> outcome) {
  if (!outcome) return CommitFailed(std::move(outcome).error());
  committed_ = *outcome;
  Write();
}

void StoreFlusher::CommitFailed(common::Error error) {
  if (error.code() != Errc::kDiskFull) failed_ = error;
  End(Fail(std::move(error)));
}

void StoreFlusher::Committed(Result<StoreCommitted> outcome) {
  if (!outcome) {
    // The deletions alone take less room, and make some.
    const bool full = outcome.error().code() == Errc::kDiskFull;
    if (!full || drops_tried_ || commit_.dropped.empty()) {
      return CommitFailed(std::move(outcome).error());
    }
    drops_tried_ = true;
    step_ = Step::kAwaitDrop;
    return Proceed();
  }
  index_commit_.Observe(SinceBegun());
  committed_ = *outcome;
  commit_ = {};
  worker_.Submit([garbage = cache_.Release()] {});
  End({});
}

std::uint64_t StoreFlusher::SinceBegun() const {
  return static_cast<std::uint64_t>(
      std::max(loop_.Now() - begun_, common::Duration::zero()).count());
}

StoreStats StoreFlusher::stats() const {
  StoreStats stats = committed_.stats;
  stats.segment_write = segment_write_;
  stats.index_commit = index_commit_;
  return stats;
}

void StoreFlusher::End(Result<void> outcome) {
  step_ = Step::kIdle;
  std::exchange(done_, nullptr)(std::move(outcome));
}

template <typename Result>
void StoreFlusher::Run(std::move_only_function<Result(StoreCore&)> job,
                       void (StoreFlusher::*then)(Result)) {
  begun_ = loop_.Now();
  worker_.Submit([this, &loop = loop_, core = core_, alive = std::weak_ptr(alive_), then,
                  job = std::move(job)]() mutable {
    if (core->stopped) return;
    loop.Post([this, alive, then, result = job(*core)]() mutable {
      if (!alive.expired()) (this->*then)(std::move(result));
    });
  });
}

}  // namespace quire::bookie
