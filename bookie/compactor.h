#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "bookie/compaction.h"
#include "bookie/compaction_options.h"
#include "bookie/hold_back.h"
#include "bookie/pacer.h"
#include "bookie/store_core.h"
#include "bookie/store_flush.h"
#include "common/error.h"
#include "common/loop.h"
#include "common/worker.h"

namespace quire::bookie {

// Gives back the space of deleted entries in segments that also hold live ones: copies what is live
// to new segments, at a limited rate that goes down while the journal feels it, and lets the old
// ones go. Extents that cannot be read are reported, left where they are, and do not stop the rest.
// Rounds begin by themselves, or when asked. Loop thread; what blocks runs on the workers.
class Compactor {
 public:
  struct Environment {
    common::Loop& loop;
    common::Worker& flush_worker;
    std::shared_ptr<StoreCore> core;
    std::function<SegmentId()> take_segment_id;
    std::function<void(const StoreCommitted&)> committed;
    std::function<void(const common::Error&)> failed;  // the index takes no more commits
  };

  Compactor(Environment environment, const CompactionOptions& options)
      : environment_(std::move(environment)),
        options_(options),
        pacer_(environment_.loop, options.bytes_per_second) {}
  Compactor(const Compactor&) = delete;
  Compactor& operator=(const Compactor&) = delete;

  // Rounds begin by themselves from now on.
  void Start();
  // A round begins at once, unless one is under way or all is paused.
  void Trigger();
  // A step that is under way ends; the next one waits for SetPaused(false).
  void SetPaused(bool paused);
  // See HoldBack.
  void JournalWrote(common::Duration took) {
    hold_back_.JournalWrote(environment_.loop.Now(), took);
  }
  // While space is short the rate is kept whatever the journal feels.
  void SetSpaceShort(bool space_short) { space_short_ = space_short; }
  CompactionStats stats() const;

 private:
  void Schedule();
  void BeginRound();
  void Chosen(Victims victims);
  void Collect();
  void Collected(common::Result<CompactionBatch> batch);
  void Copy();
  void Copied(common::Result<CompactionCopy::Progress> progress);
  void Commit();
  void Committed(common::Result<CompactionCommitted> committed);
  void EndRound();
  void GiveUp(const common::Error& error);
  // How many times as long as the rate asks it rests after a step.
  double factor() const { return space_short_ ? 1 : hold_back_.factor(); }
  // Goes on with `step` once the bytes just copied are within the rate, and nothing is paused.
  void Continue(std::uint64_t bytes, void (Compactor::*step)()) {
    const double paced = static_cast<double>(bytes) * factor();
    pacer_.Continue(static_cast<std::uint64_t>(paced), [this, step] { (this->*step)(); });
  }

  template <typename Result>
  void Run(common::Worker& worker, std::move_only_function<Result()> job,
           void (Compactor::*then)(Result));

  const Environment environment_;
  const CompactionOptions options_;

  CompactionStats stats_;
  Pacer pacer_;
  HoldBack hold_back_;
  bool space_short_ = false;
  Victims victims_;
  std::set<std::string> unreadable_;  // keys of extents, of this round
  std::set<SegmentId> hopeless_;      // something in them could not be read: not tried again
  std::string next_key_;
  CompactionBatch batch_;
  std::shared_ptr<CompactionCopy> copy_;
  std::uint64_t copied_before_ = 0;  // of copy_, at the step before
  // Gone when the store is.
  const std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace quire::bookie
