#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "bookie/extent_merge.h"
#include "bookie/index_db.h"
#include "bookie/index_format.h"
#include "bookie/ledger_state.h"
#include "bookie/write_cache_entries.h"
#include "common/error.h"
#include "protocol/ids.h"

namespace quire::bookie {

// An extent whose records were copied to another segment, and where they begin there.
struct MovedExtent {
  protocol::LedgerId ledger;
  Extent from;
  std::uint64_t offset = 0;
};

// One change of the index, gathered and then made atomically and durably by Finish. Uses the index
// that made it; one at a time; flush worker.
class IndexCommit {
 public:
  IndexCommit(IndexDb& db, CommitRecord& record, std::map<SegmentId, SegmentSpace>& segments)
      : db_(db), record_(record), segments_(segments), batch_(db.NewBatch()) {}

  // The ledger was deleted: its extents go and its bytes are no longer live. Before PutEntries.
  common::Result<void> Drop(protocol::LedgerId ledger);

  void PutState(protocol::LedgerId ledger, const LedgerState& state);

  // The deleted ledger is so for good: its state gives way to a bit. After PutState.
  common::Result<void> Settle(protocol::LedgerId ledger);
  // The ledger is not deleted after all; beside PutState.
  common::Result<void> Unsettle(protocol::LedgerId ledger);

  // A segment with so many bytes of records, all live.
  void AddSegment(SegmentId segment, std::uint64_t bytes);
  // A segment with so many bytes of records, of which `live`, garbage so far, are used again, until
  // PutEntries finds a duplicate. The index may know it or not.
  void ReviveSegment(SegmentId segment, std::uint64_t bytes, std::uint64_t live);
  // All entries, ascending, that the new segment has of a ledger. A ledger comes once, not dropped.
  // Older copies of them are no longer live.
  common::Result<void> PutEntries(SegmentId segment, protocol::LedgerId ledger,
                                  std::span<const PlacedEntry> entries, Copies copies);

  // The index points to the copies in the segment from now on, but for extents that changed or went
  // since they were copied: of those the copies are garbage. Alone in its commit, with AddSegment.
  common::Result<void> MoveExtents(SegmentId segment, const std::vector<MovedExtent>& moved);

  // Durable on return. Gives the segments in which nothing is live any more: the index does not
  // know them now and their files may be removed. kDiskFull: nothing was done, finish it again or
  // begin anew when there is room. After any other error the index takes no further commit.
  common::Result<std::vector<SegmentId>> Finish(const CommitRecord& record);

 private:
  // Dropping more extents than this is one deletion of a range in RocksDB: many of those would slow
  // down every scan, and many single deletions take memory.
  static constexpr std::size_t kMaxSingleDeletions = 1000;

  common::Result<Tombstones::Bits*> TombstonesAround(protocol::LedgerId ledger);
  void PutSealed(const std::string& key, const std::string& content);
  void SubtractLive(SegmentId segment, std::uint64_t bytes);

  IndexDb& db_;
  CommitRecord& record_;
  std::map<SegmentId, SegmentSpace>& segments_;
  const std::unique_ptr<IndexDb::Batch> batch_;
  std::unique_ptr<IndexDb::Cursor> drops_;  // made by the first Drop: to make one costs more than
                                            // to go through the few extents of most ledgers
  std::map<SegmentId, SegmentSpace> changed_;
  std::map<std::int64_t, Tombstones::Bits> tombstones_;  // blocks as they will be
  std::unordered_set<protocol::LedgerId> dropped_;
};

}  // namespace quire::bookie
