#pragma once

#include <memory>
#include <optional>

#include "bookie/store.h"
#include "bookie/store_core.h"
#include "bookie/store_flush.h"
#include "bookie/write_cache_halves.h"
#include "common/error.h"
#include "common/loop.h"
#include "common/worker.h"

namespace quire::bookie {

// Takes a flush through its steps: write the frozen half, wait for the journal, commit, release the
// half. Never waits on the worker, so that the simulation can run it in one thread. The frozen half
// is kept and no LSN moves until a commit has it: a failed write is repeated with the same half or
// the store ends. Loop thread; the steps that block run on the worker.
class StoreFlusher {
 public:
  struct Environment {
    common::Loop& loop;
    common::Worker& worker;
    std::shared_ptr<StoreCore> core;
    CacheHalves& cache;
  };

  StoreFlusher(Environment environment, SegmentId next_segment);

  // See Store::Flush.
  void Flush(Store::Commit commit, common::Callback<common::Result<void>> done);
  void JournalDurable(Lsn lsn);

  // For the compaction, whose commits come between those of flushes.
  SegmentId TakeSegmentId() { return next_segment_++; }
  void Compacted(const StoreCommitted& committed) { committed_.stats = committed.stats; }
  // A commit failed: the index takes no more.
  void IndexFailed(common::Error error);

  bool flushing() const { return step_ != Step::kIdle; }
  Lsn stored() const { return committed_.stored; }
  StoreStats stats() const;

 private:
  enum class Step {
    kIdle,
    kWrite,      // the segment is being written
    kAwaitDrop,  // no room for it; the journal has to be durable before the deletions free some
    kDrop,
    kAwaitCommit,  // the segment is written; the journal has to be durable
    kCommit,
  };

  void Merge(Store::Commit commit);
  void Write();
  void Written(common::Result<WrittenSegment> segment);
  void Proceed();
  void Dropped(common::Result<StoreCommitted> outcome);
  void Committed(common::Result<StoreCommitted> outcome);
  void CommitFailed(common::Error error);
  void End(common::Result<void> outcome);
  std::uint64_t SinceBegun() const;  // in nanoseconds

  // Runs the job on the worker and continues here with its result, unless the store has gone.
  template <typename Result>
  void Run(std::move_only_function<Result(StoreCore&)> job, void (StoreFlusher::*then)(Result));

  // Constant after construction.
  common::Loop& loop_;
  common::Worker& worker_;
  const std::shared_ptr<StoreCore> core_;

  // Loop thread.
  CacheHalves& cache_;
  Step step_ = Step::kIdle;
  SegmentId next_segment_;  // ids of failed attempts are not used again
  StoreCommitted committed_;
  Lsn durable_ = 0;
  std::optional<common::Error> failed_;  // final
  // Of the flush under way, or of the one to be repeated.
  Store::Commit commit_;
  Lsn gate_ = 0;  // what the journal must have before anything of commit_ is in the index
  bool drops_tried_ = false;
  std::optional<WrittenSegment> segment_;
  common::TimePoint begun_;  // the job under way
  DurationHistogram segment_write_;
  DurationHistogram index_commit_;
  common::Callback<common::Result<void>> done_;
  // Gone when the store is.
  const std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace quire::bookie
