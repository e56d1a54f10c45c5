#include "bookie/compactor.h"

#include <cmath>
#include <utility>

#include "bookie/index_format.h"

namespace quire::bookie {

using common::Result;

namespace {

std::string Mebibytes(std::uint64_t bytes) {
  return std::to_string(bytes >> 20) + " MiB";
}

}  // namespace

void Compactor::Start() {
  if (options_.worker != nullptr && !stats_.running) Schedule();
}

void Compactor::Schedule() {
  pacer_.Arm(options_.interval, [this] { BeginRound(); });
}

void Compactor::Trigger() {
  const bool idle = options_.worker != nullptr && !stats_.running && !stats_.paused;
  if (idle) pacer_.Arm({}, [this] { BeginRound(); });
}

CompactionStats Compactor::stats() const {
  CompactionStats stats = stats_;
  if (stats.running) stats.slowdown = static_cast<std::uint64_t>(std::lround(factor()));
  return stats;
}

void Compactor::SetPaused(bool paused) {
  stats_.paused = paused;
  pacer_.SetPaused(paused);
}

template <typename Result>
void Compactor::Run(common::Worker& worker, std::move_only_function<Result()> job,
                    void (Compactor::*then)(Result)) {
  worker.Submit([this, &loop = environment_.loop, core = environment_.core,
                 alive = std::weak_ptr(alive_), then, job = std::move(job)]() mutable {
    if (core->stopped) return;
    loop.Post([this, alive, then, result = job()]() mutable {
      if (!alive.expired()) (this->*then)(std::move(result));
    });
  });
}

// The index's counts belong to the flush worker.
void Compactor::BeginRound() {
  stats_.running = true;
  Run<Victims>(
      environment_.flush_worker,
      [core = environment_.core, hopeless = hopeless_, options = options_] {
        return ChooseVictims(*core->index, hopeless, options.min_garbage, options.round_bytes);
      },
      &Compactor::Chosen);
}

void Compactor::Chosen(Victims victims) {
  victims_ = std::move(victims);
  unreadable_.clear();
  next_key_.clear();
  if (victims_.segments.empty()) {
    stats_.running = false;
    return Schedule();
  }
  ++stats_.rounds;
  stats_.round_bytes = victims_.live_bytes;
  stats_.round_copied = 0;
  options_.report("compaction: copying " + Mebibytes(victims_.live_bytes) + " out of " +
                  std::to_string(victims_.segments.size()) + " segments to give back " +
                  Mebibytes(victims_.garbage_bytes));
  Collect();
}

void Compactor::Collect() {
  Run<Result<CompactionBatch>>(
      *options_.worker,
      [core = environment_.core, victims = victims_.segments, unreadable = unreadable_,
       key = next_key_, bytes = options_.segment_bytes] {
        return CollectBatch(*core, victims, unreadable, key, bytes);
      },
      &Compactor::Collected);
}

void Compactor::Collected(Result<CompactionBatch> batch) {
  if (!batch) return GiveUp(batch.error());
  batch_ = *std::move(batch);
  if (batch_.extents.empty()) return EndRound();
  copy_ = std::make_shared<CompactionCopy>(*environment_.core, environment_.take_segment_id(),
                                           batch_.extents, batch_.bytes);
  copied_before_ = 0;
  Copy();
}

void Compactor::Copy() {
  hold_back_.BeginStep();
  Run<Result<CompactionCopy::Progress>>(
      *options_.worker,
      [core = environment_.core, copy = copy_, bytes = options_.step_bytes] {
        return copy->Step(bytes);
      },
      &Compactor::Copied);
}

void Compactor::Copied(Result<CompactionCopy::Progress> progress) {
  hold_back_.EndStep(environment_.loop.Now());
  if (!progress) return GiveUp(progress.error());
  const std::uint64_t bytes = copy_->copied() - std::exchange(copied_before_, copy_->copied());
  stats_.copied_bytes += bytes;
  stats_.round_copied += bytes;
  switch (*progress) {
    case CompactionCopy::Progress::kMore: return Continue(bytes, &Compactor::Copy);
    case CompactionCopy::Progress::kDone: return Continue(bytes, &Compactor::Commit);
    case CompactionCopy::Progress::kGone: return Continue(bytes, &Compactor::Collect);
    case CompactionCopy::Progress::kUnreadable: break;
  }
  ++stats_.unreadable;
  const MovedExtent& moved = copy_->at();
  options_.report("compaction: entries " + std::to_string(moved.from.first().value()) + " to " +
                  std::to_string(moved.from.last().value()) + " of ledger " +
                  std::to_string(moved.ledger.value()) + " in " +
                  SegmentName(moved.from.segment()) +
                  " cannot be read; they stay there. Other bookies have copies");
  unreadable_.insert(ExtentKey(moved.ledger, moved.from.first()));
  hopeless_.insert(moved.from.segment());
  copy_.reset();
  Continue(bytes, &Compactor::Collect);
}

void Compactor::Commit() {
  Run<Result<CompactionCommitted>>(
      environment_.flush_worker,
      [core = environment_.core, copy = copy_] { return CommitMoves(*core, *copy); },
      &Compactor::Committed);
}

void Compactor::Committed(Result<CompactionCommitted> committed) {
  copy_.reset();
  if (!committed && committed.error().code() == common::Errc::kDiskFull) {
    return GiveUp(committed.error());
  }
  if (!committed) {  // final: the next flush says so, and the shard ends
    stats_.running = false;
    return environment_.failed(committed.error());
  }
  stats_.removed_bytes += committed->removed_bytes;
  environment_.committed(committed->store);
  next_key_ = batch_.next_key;
  if (next_key_.empty()) return EndRound();
  Continue(0, &Compactor::Collect);
}

void Compactor::EndRound() {
  options_.report("compaction: done, " + Mebibytes(stats_.round_copied) +
                  " copied; since the start " + Mebibytes(stats_.copied_bytes) +
                  " were copied to remove " + Mebibytes(stats_.removed_bytes));
  // What is left in them is nothing that can be copied: once is enough.
  if (stats_.round_copied == 0) {
    hopeless_.insert(victims_.segments.begin(), victims_.segments.end());
  }
  stats_.running = false;
  Schedule();
}

// The round ends and the next one tries again. Nothing is lost: the index knows only what is
// durable.
void Compactor::GiveUp(const common::Error& error) {
  copy_.reset();
  options_.report("compaction: " + error.ToString() + "; it will be tried again");
  stats_.running = false;
  Schedule();
}

}  // namespace quire::bookie
