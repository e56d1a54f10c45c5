#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bookie/journal.h"
#include "bookie/store.h"
#include "common/disk.h"
#include "common/loop.h"
#include "common/worker.h"

namespace quire::bookie {

struct ShardOptions {
  std::string directory;  // for people, in Status
  JournalOptions journal;
  StoreOptions store;
  // A checkpoint begins when the journal is longer, so that a restart replays no more than about
  // this.
  std::uint64_t max_journal_bytes = 256 << 20;
  // Appended and not yet durable. Above it the server stops reading; at twice as much adds are
  // kBusy.
  std::uint64_t max_queued_bytes = 32 << 20;
  // Below it the bookie is read-only. What was accepted must still find room on the disk: two
  // halves of the write cache, the journal's bound with its spare files, and the index while it
  // compacts.
  std::uint64_t min_free_bytes = 1 << 30;
  // From here on it takes entries again; a quarter more than the minimum if that is more.
  std::uint64_t resume_free_bytes = 0;
  // Set aside on each disk for the day when it is full: room for a flush of both halves of the
  // write cache and two journal files.
  std::uint64_t ballast_bytes = 256 << 20;
  common::Duration space_interval = std::chrono::seconds(5);
  common::Duration flush_retry = std::chrono::seconds(5);  // after a flush found the disk full
  std::size_t max_long_polls = 10'000;
  std::size_t max_reads = 4096;               // waiting for a reader
  std::size_t store_reads = 32;               // of them given to the readers, who never idle then
  std::uint64_t max_lookup_bytes = 32 << 20;  // adds that wait to learn if they are duplicates
  // Called now and then while the journal is replayed, with how many records were. On the thread
  // that opens the shard.
  std::function<void(std::uint64_t records)> replaying = [](std::uint64_t) {};

  std::uint64_t resume_bytes() const {
    return std::max(resume_free_bytes, min_free_bytes + min_free_bytes / 4);
  }
  // Below it the quarantine is given up and compaction holds back for nobody.
  std::uint64_t clear_bytes() const { return 2 * resume_bytes(); }
};

// What a shard runs on. All of it outlives the shard.
struct ShardResources {
  common::Disk& journal_disk;
  common::Disk& store_disk;  // may be the same
  common::Worker& journal_worker;
  common::Worker& flush_worker;
  std::vector<common::Worker*> readers;         // at least one
  common::Worker* compaction_worker = nullptr;  // null: no compaction
  // A ledger id that the cluster gives to nobody and that is above all given out before. Blocking;
  // asked by Open, and only if the index was rebuilt since the last one.
  std::function<common::Result<protocol::LedgerId>()> new_ledger_id = {};
  common::Disk* ballast_disk = nullptr;  // null: no ballast
};

// How a shard gets its journal and store; tests put fakes here.
struct Storage {
  std::function<common::Result<std::unique_ptr<Store>>(
      common::Disk&, common::Loop&, common::Worker& flush, std::vector<common::Worker*> readers,
      const StoreOptions&)>
      open_store;
  std::function<common::Result<std::unique_ptr<Journal>>(
      common::Disk&, common::Loop&, common::Worker&, const JournalOptions&, Lsn stored,
      const Journal::Replay&, Journal::Events)>
      open_journal;
};

// Store::Open and Journal::Open.
Storage RealStorage();

}  // namespace quire::bookie
