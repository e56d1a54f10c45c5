#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "bookie/extent.h"
#include "bookie/index_commit.h"
#include "bookie/segment_writer.h"
#include "bookie/store_core.h"
#include "bookie/store_flush.h"
#include "common/error.h"

namespace quire::bookie {

// The jobs of a compaction, run one after the other. A crash between any two of them does no harm:
// what is copied is a file that the index does not know until the commit, and what was copied from
// goes only when the commit is durable.

// Segments with enough garbage to be worth copying what is left of them, those first that give back
// most for each byte copied.
struct Victims {
  std::set<SegmentId> segments;
  std::uint64_t live_bytes = 0;
  std::uint64_t garbage_bytes = 0;
};
// None of `hopeless`. At least `min_garbage` of 0..1 of each is garbage; together they have no more
// than about `max_live_bytes` to copy. Flush worker.
Victims ChooseVictims(const Index& index, const std::set<SegmentId>& hopeless, double min_garbage,
                      std::uint64_t max_live_bytes);

// What goes into one new segment, in the order of ledgers and entries.
struct CompactionBatch {
  std::vector<MovedExtent> extents;
  std::uint64_t bytes = 0;  // of their records
  std::string next_key;     // of the index, where the next batch begins; empty: that was all
};
// Up to about `max_bytes` of live extents in the victims, from `key` on, but those that are known
// to be unreadable. Compaction worker.
common::Result<CompactionBatch> CollectBatch(StoreCore& core, const std::set<SegmentId>& victims,
                                             const std::set<std::string>& unreadable,
                                             const std::string& key, std::uint64_t max_bytes);

// Copies a batch to a segment, a piece at a time. Compaction worker.
class CompactionCopy {
 public:
  CompactionCopy(StoreCore& core, SegmentId segment, std::vector<MovedExtent> extents,
                 std::uint64_t bytes)
      : core_(core), segment_(segment), bytes_(bytes), extents_(std::move(extents)) {}

  enum class Progress {
    kMore,
    kDone,        // the segment is durable
    kUnreadable,  // the extent at() cannot be copied: begin again without it
    kGone,        // its segment went meanwhile, for nothing in it was live: begin again
  };
  // Copies about so many bytes more. After an error, or anything but kMore and kDone, what was
  // written is gone.
  common::Result<Progress> Step(std::uint64_t bytes);

  // Once done: where everything is now.
  const std::vector<MovedExtent>& extents() const { return extents_; }
  SegmentId segment() const { return segment_; }
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t copied() const { return copied_; }
  const MovedExtent& at() const { return extents_[next_]; }

 private:
  common::Result<Progress> Copy(std::uint64_t bytes);
  // kMore: it is copied.
  common::Result<Progress> CopyExtent(MovedExtent& moved);

  StoreCore& core_;
  const SegmentId segment_;
  const std::uint64_t bytes_;
  std::vector<MovedExtent> extents_;
  std::size_t next_ = 0;
  std::uint64_t copied_ = 0;
  std::unique_ptr<SegmentWriter> writer_;
  std::string buffer_;
};

struct CompactionCommitted {
  StoreCommitted store;
  std::uint64_t removed_bytes = 0;  // of segment files
};

// Makes the index point to the copies of all extents that are still as they were, and gives back
// the segments in which nothing is live any more. kDiskFull: nothing was done; other errors are
// final for the index. Flush worker.
common::Result<CompactionCommitted> CommitMoves(StoreCore& core, const CompactionCopy& copy);

}  // namespace quire::bookie
