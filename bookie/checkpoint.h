#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "bookie/shard_core.h"
#include "bookie/store.h"
#include "common/error.h"
#include "common/loop.h"
#include "protocol/ids.h"

namespace quire::bookie {

// Moves what the journal protects into the store's index and then lets the journal go: entries and
// ledger states in one commit under one LSN, so that a fence without any other traffic is covered
// like everything else (T-19, D09). A flush that finds the disk full is repeated until there is
// room, with what has changed and what was deleted since; meanwhile the shard is read-only and
// nothing is lost, the journal still has it all. Any other failure ends the shard. Loop thread
// only.
class Checkpoint {
 public:
  using Failed = common::Callback<common::Error>;

  // `failed` is called at most once, in a later turn.
  Checkpoint(ShardCore& core, Failed failed) : core_(core), failed_(std::move(failed)) {}
  ~Checkpoint();
  Checkpoint(const Checkpoint&) = delete;
  Checkpoint& operator=(const Checkpoint&) = delete;

  // Starts a flush if the cache or the length of the journal asks for one. Cheap; called after
  // whatever appends to the journal and when records become durable.
  void MaybeStart() {
    if (busy()) return;
    const bool long_journal = core_.journal->live_bytes() > core_.options.max_journal_bytes &&
                              core_.bytes_since_flush > core_.options.max_journal_bytes / 4;
    const bool give_back = !dropped_.empty() && (give_back_ || dropped_.size() >= kManyDropped);
    if (stop_ || long_journal || core_.store->WantsFlush() || give_back) Start();
  }

  // The ledger was deleted: its entries go with the next commit.
  void Drop(protocol::LedgerId ledger);
  // That commit begins now, or after the one under way.
  void GiveBack();

  // Flushes everything; completes when the index has all of it and the journal holds nothing.
  void Finish(common::Callback<common::Result<void>> done);
  // The journal waits for room, so that no commit can come: Finish completes with an error.
  void JournalFull();
  // The shard failed: nothing more is written, and Finish completes with the error.
  void Abandon(const common::Error& error);

 private:
  // So many begin a commit that nobody asked for: what it carries is in memory.
  static constexpr std::size_t kManyDropped = 50'000;

  bool busy() const { return core_.store->flushing() || retry_timer_ != 0 || abandoned_; }
  void Start();
  void Flushed(common::Result<void> outcome);

  ShardCore& core_;
  Failed failed_;
  // Loop thread.
  std::vector<protocol::LedgerId> dropped_;  // of the next commit
  bool give_back_ = false;                   // it is asked for
  common::Loop::TimerId retry_timer_ = 0;    // a flush found the disk full and will be repeated
  bool abandoned_ = false;
  common::TimePoint begun_{};        // the flush under way
  std::uint64_t covered_bytes_ = 0;  // of the journal, that a success makes unneeded
  common::Callback<common::Result<void>> stop_;
};

}  // namespace quire::bookie
