#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "bookie/index_commit.h"
#include "bookie/segment_format.h"
#include "bookie/store.h"
#include "bookie/store_core.h"
#include "bookie/write_cache.h"
#include "common/error.h"
#include "protocol/ids.h"

namespace quire::bookie {

// The jobs of a flush, run one after the other on the flush worker.

struct WrittenSegment {
  SegmentId id = 0;
  std::uint64_t bytes = 0;  // of records
};

// Writes the half to a segment, durably. The index does not know it yet: a crash leaves a file that
// the next start removes. After an error so does this, as far as the disk lets it.
common::Result<WrittenSegment> WriteSegment(StoreCore& core, const WriteCache& half, SegmentId id);

struct StoreCommitted {
  Lsn stored = 0;
  StoreStats stats;  // without the cache
};

// Makes the commit durable and puts the segments in which nothing is live any more in quarantine.
common::Result<StoreCommitted> FinishCommit(StoreCore& core, IndexCommit& commit,
                                            const CommitRecord& record);

// The order that makes a crash harmless: the segment is durable, then one batch brings its extents
// with everything else under the LSN, and only when that is durable do dead segments go.
// Without a segment the half is empty. kDiskFull: the segment is gone again and nothing was done;
// other errors are final for the index.
common::Result<StoreCommitted> CommitFlush(StoreCore& core, const WriteCache& half,
                                           std::optional<WrittenSegment> segment,
                                           const Store::Commit& commit);

// Only frees the space of deleted ledgers; the stored LSN stays. For a disk so full that the
// segment of the flush that carries the deletions finds no room. Errors as above.
common::Result<StoreCommitted> CommitDrops(StoreCore& core,
                                           const std::vector<protocol::LedgerId>& dropped);

StoreStats IndexStats(const Index& index);

}  // namespace quire::bookie
