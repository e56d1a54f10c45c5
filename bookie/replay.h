#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "bookie/journal.h"
#include "bookie/ledger_table.h"
#include "bookie/replay_stage.h"
#include "bookie/store.h"
#include "common/error.h"
#include "protocol/ids.h"

namespace quire::bookie {

// Applies the journal's records above the index to table and store, as the shard did when it wrote
// them, and flushes on the way when the cache is full. Blocking, on the thread that opens the
// shard.
class Replay {
 public:
  Replay(LedgerTable& ledgers, Store& store, StagedLoop& loop)
      : ledgers_(ledgers), store_(store), loop_(loop), undeleted_below_(store.undeleted_below()) {}

  // kCorrupt if the record makes no sense: the journal's own check passed, so it was written wrong.
  common::Result<void> Apply(Lsn lsn, RecordType type, std::string_view payload);

  std::uint64_t records() const { return records_; }
  std::uint64_t bytes() const { return bytes_; }
  // Ledgers whose entries the next commit drops.
  const std::vector<protocol::LedgerId>& dropped() const { return dropped_; }

 private:
  common::Result<void> Entry(std::string_view payload);
  common::Result<void> Fence(std::string_view payload);
  common::Result<void> Lac(std::string_view payload);
  common::Result<void> Tombstone(Lsn lsn, std::string_view payload);
  common::Result<void> Flush(Lsn lsn);

  LedgerTable& ledgers_;
  Store& store_;
  StagedLoop& loop_;
  const Lsn undeleted_below_;
  std::vector<protocol::LedgerId> dropped_;
  std::uint64_t records_ = 0;
  std::uint64_t bytes_ = 0;
  // A flush found the disk full: the cache takes the rest, no more than the journal holds, and the
  // first checkpoint tries again.
  bool disk_full_ = false;
};

}  // namespace quire::bookie
