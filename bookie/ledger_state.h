#pragma once

#include <unordered_map>
#include <vector>

#include "protocol/ids.h"
#include "protocol/uuid.h"

namespace quire::bookie {

// What a bookie remembers of a ledger beside its entries (protocol 1.3). Kept in memory for every
// ledger of the shard, in the index on disk, changed under the journal.
struct LedgerState {
  protocol::LedgerKey key;  // fixed by the first add or fence; nil in limbo or a bare tombstone
  bool fenced = false;      // monotone: no add but recovery adds, ever again
  bool limbo = false;       // the past is not known: no denial, no LAC, until repaired
  bool deleted = false;     // tombstone: refuses adds, holds nothing
  protocol::EntryId last_entry = protocol::kNoEntry;  // highest stored
  protocol::EntryId lac = protocol::kNoEntry;  // highest LAC of a stored entry or an explicit LAC

  // Shown this key, the ledger refuses: it began here with another one.
  bool Rejects(const protocol::LedgerKey& shown) const { return !key.is_nil() && key != shown; }

  bool operator==(const LedgerState&) const = default;
};

}  // namespace quire::bookie
