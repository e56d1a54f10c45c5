#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "bookie/extent.h"
#include "bookie/index_format.h"
#include "bookie/ledger_state.h"
#include "bookie/offline_finding.h"
#include "bookie/offline_index_db.h"
#include "protocol/ids.h"

namespace quire::bookie {

// What a walk over the index meets. A function that is empty is not called.
struct IndexVisitor {
  std::function<void(protocol::LedgerId, const Extent&)> extent =
      {};  // ascending, before the others
  std::function<void(protocol::LedgerId, const LedgerState&)> state = {};
  std::function<void(SegmentId, const SegmentSpace&)> space = {};
  std::function<void(const Tombstones&)> tombstones = {};  // of one block
  std::function<void(Finding)> finding = {};
};

struct IndexWalk {
  std::optional<CommitRecord> commit;
  bool complete = true;  // false: some keys or values could not be read
};

// Reads all of the index, in the order of its keys, and goes on behind what cannot be read: at the
// next ledger if that is readable, else at the next table or kind of key. Blocking.
IndexWalk WalkIndex(const OfflineIndexDb& db, const IndexVisitor& visitor);

}  // namespace quire::bookie
