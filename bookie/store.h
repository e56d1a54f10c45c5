#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bookie/compaction_options.h"
#include "bookie/journal.h"
#include "bookie/ledger_state.h"
#include "bookie/metrics_histogram.h"
#include "bookie/quarantine.h"
#include "bookie/scrub_options.h"
#include "bookie/tombstones.h"
#include "bookie/write_cache_entries.h"
#include "common/disk.h"
#include "common/error.h"
#include "common/loop.h"
#include "common/worker.h"
#include "protocol/messages.h"

namespace quire::bookie {

class Compactor;
class Scrubber;

struct StoreOptions {
  // Of one of the two halves of the write cache. Fits the memory that a directory has by default.
  std::uint64_t cache_bytes = 56 << 20;
  // Of entries read before somebody asked for them; 0: none are. A reader takes up to four
  // megabytes of it, so this is room for some sixteen that go through ledgers at the same time.
  std::uint64_t read_cache_bytes = 64 << 20;
  // Directory of the RocksDB index. The simulation keeps it in memory and passes its own
  // environment (a rocksdb::Env*, opaque here so that RocksDB stays in one file pair).
  std::string index_path;
  void* index_env = nullptr;
  // This bookie has acknowledged nothing yet, so there may be no index. Of any other one the index
  // is lost then, and with it what it acknowledged.
  bool may_begin = false;
  protocol::BookieId bookie = {};  // whose index it must be; nil: anybody's
  // What RocksDB keeps in memory: half of it blocks, the rest for what a commit writes.
  std::uint64_t index_bytes = 32 << 20;
  CompactionOptions compaction = {};
  ScrubOptions scrub = {};
  QuarantineOptions quarantine = {};
  // Asked on a worker when the disk is full and nothing is in quarantine: true when it made room.
  std::function<bool()> make_room = {};
};

struct StoreStats {
  std::uint64_t segments = 0;
  std::uint64_t segment_bytes = 0;
  std::uint64_t live_bytes = 0;
  std::uint64_t cache_bytes = 0;
  std::uint64_t read_cache_bytes = 0;
  std::uint64_t prefetched_bytes = 0;  // read before anybody asked, since the start
  std::uint64_t unwanted_bytes = 0;    // of them, those that went without having been asked for
  // Of flushes that have succeeded so far, seen from the loop.
  DurationHistogram segment_write = {};
  DurationHistogram index_commit = {};
  QuarantineStats quarantine = {};  // not part of the others
};

// Where entries live: first in the write cache (two halves, both readable), then sorted by ledger
// and entry in an immutable segment file, found through the extent index. The index commit carries
// the LSN up to which everything, entries and ledger states, is stored. Loop thread, except where
// said.
class Store {
 public:
  using LedgerStates = std::unordered_map<protocol::LedgerId, LedgerState>;

  // Opens index and segments (blocking). No index is kCorrupt, unless it may begin, and nothing is
  // made in its place. Segment files the index does not know go into quarantine: a crash left them,
  // or this is not the newest index. A segment the index needs and that is missing is kCorrupt.
  //
  // The disk, the loop and the workers outlive the jobs of the store, which may still be queued
  // when it is destroyed; they do nothing then, and no callback comes any more.
  static common::Result<std::unique_ptr<Store>> Open(common::Disk& disk, common::Loop& loop,
                                                     common::Worker& flush_worker,
                                                     std::vector<common::Worker*> readers,
                                                     const StoreOptions& options);
  virtual ~Store() = default;

  virtual Lsn stored() const = 0;           // what the index covers
  virtual LedgerStates TakeLedgers() = 0;   // all states in the index, once, after Open
  virtual Tombstones TakeTombstones() = 0;  // the same

  // Of the index (CommitRecord). Only before anything else is under way; the setters block and are
  // durable on return.
  virtual protocol::LedgerId limbo_floor() const = 0;
  virtual common::Result<void> SetLimboFloor(protocol::LedgerId floor) = 0;
  virtual Lsn undeleted_below() const = 0;
  virtual common::Result<void> SetUndeletedBelow(Lsn lsn) = 0;

  // Keeps a copy of the entry in the active half. The caller checked Full, and that the id is new
  // or the stored copy of it damaged: from now on this copy is the one that counts, whatever the
  // segments hold. `copies`: the flush looks in the index for copies of the entry, unless there can
  // be none; with thousands of ledgers these look-ups are a third of its work.
  virtual void Add(protocol::LedgerId ledger, protocol::EntryId entry, std::string_view bytes,
                   Copies copies) = 0;
  // The active half is full and the other one is still being flushed: stop taking adds.
  virtual bool Full() const = 0;
  // The active half has reached its size: time for Flush.
  virtual bool WantsFlush() const = 0;

  // The entry if it is in memory: not stored yet, or read ahead. Valid until the next call.
  virtual std::optional<std::string_view> FindCached(protocol::LedgerId ledger,
                                                     protocol::EntryId entry) = 0;
  // Reads entries on a reader, unless they have come into memory meanwhile: kOk with bytes (CRC
  // checked), kNoEntry when it is certain that neither cache nor index has it, kCorrupt when the
  // index leads to a copy that is damaged, kUnknown for anything else. Stops after the entry that
  // reaches max_bytes.
  virtual void Read(protocol::LedgerId ledger, std::vector<protocol::EntryId> entries,
                    std::size_t max_bytes,
                    common::Callback<std::vector<protocol::EntryAnswer>> done) = 0;
  // Somebody was given entries `first` up to but not including `end` of the ledger, `bytes` in all,
  // whose last entry is `last`: what a reader that goes on will want may be read now.
  virtual void NoteRead(protocol::LedgerId /*ledger*/, protocol::EntryId /*first*/,
                        protocol::EntryId /*end*/, std::uint64_t /*bytes*/,
                        protocol::EntryId /*last*/) {}
  // Runs of stored ids from `from` on, at most max_runs.
  virtual void List(protocol::LedgerId ledger, protocol::EntryId from, std::size_t max_runs,
                    common::Callback<common::Result<std::vector<protocol::EntryRun>>> done) = 0;

  // Freezes the active half and writes it to a segment; then, once the journal is durable up to
  // `lsn` (JournalDurable), commits extents, the changed ledger states, the deletions and `lsn` in
  // one batch and makes it durable. `done` on the loop with the outcome. One flush at a time
  // (flushing()).
  //
  // kDiskFull: nothing was committed but, perhaps, the deletions, whose space may make room. The
  // frozen half stays readable; the next Flush tries that same half again, not the active one, and
  // stored() will be the LSN that came with the half. The commit given to the retry may be the same
  // or hold more; its states and deletions are added to those of the failed one. Any other error is
  // final: every later Flush fails with it, and only a restart, from the journal, helps.
  struct Commit {
    Lsn lsn = 0;
    // Changed since the last commit.
    std::vector<std::pair<protocol::LedgerId, LedgerState>> states = {};
    // Deleted: extents go, segments without a live entry go into quarantine, and what the cache
    // holds is forgotten. No Add for such a ledger may follow.
    std::vector<protocol::LedgerId> dropped = {};
    // Deleted for good: the state, which an earlier commit has, goes, and the id is remembered.
    std::vector<protocol::LedgerId> settled = {};
  };
  virtual void Flush(Commit commit, common::Callback<common::Result<void>> done) = 0;
  // The journal is durable up to here; releases a flush that waits for it.
  virtual void JournalDurable(Lsn lsn) = 0;
  virtual bool flushing() const = 0;
  // A write and sync of the journal took so long: compaction holds back for the journal's sake.
  virtual void JournalWrote(common::Duration /*took*/) {}

  // Called now and then. Removes what was in quarantine long enough, and of the rest, oldest first,
  // so many bytes; while some are wanted, compaction holds back for nobody. Removes nothing while
  // an earlier call waits for its turn on the flush worker: that makes the room.
  virtual void EndQuarantine(std::uint64_t /*bytes*/) {}

  // Null: this store has none. Both rest until they are started.
  virtual Compactor* compactor() { return nullptr; }
  virtual Scrubber* scrubber() { return nullptr; }

  virtual StoreStats stats() const = 0;
};

}  // namespace quire::bookie
