#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/error.h"
#include "protocol/ids.h"
#include "protocol/quorum.h"
#include "protocol/uuid.h"

namespace quire::metadata {

enum class LedgerState { kOpen = 1, kInRecovery = 2, kClosed = 3, kDeleted = 4 };

// The bookie of each slot.
using Ensemble = std::vector<protocol::BookieId>;

// What the metadata store knows of a ledger (protocol 1.1). A plain value: changed only by making a
// new one and winning a compare-and-swap.
struct LedgerMetadata {
  protocol::LedgerId id;
  protocol::LedgerKey key;
  protocol::Replication replication;
  LedgerState state = LedgerState::kOpen;
  // Segments by their first entry. Never empty; the first begins at 0. A last segment that begins
  // at last_entry + 1 is legal and holds nothing.
  std::map<protocol::EntryId, Ensemble> segments;
  protocol::EntryId last_entry = protocol::kNoEntry;  // of a closed ledger; kNoEntry: closed empty
  std::int64_t length = 0;                            // of a closed ledger, payload bytes
  std::int64_t created_ms = 0;
  std::map<std::string, std::string> custom;
  protocol::WriterId writer;   // who made the last change ...
  std::int64_t writer_op = 0;  // ... and its number for that one: decides an ambiguous CAS (T-26)
  std::int32_t recovery_claims = 0;
  std::int64_t deleted_ms = 0;

  bool operator==(const LedgerMetadata&) const = default;

  protocol::EntryId LastSegmentFirst() const { return segments.rbegin()->first; }
  const Ensemble& LastEnsemble() const { return segments.rbegin()->second; }
  // The ensemble of the segment that contains the entry; the entry is not negative.
  const Ensemble& EnsembleOf(protocol::EntryId entry) const {
    return std::prev(segments.upper_bound(entry))->second;
  }

  // The structural rules of protocol 1.1; kCorrupt says which is broken. Never repairs.
  common::Result<void> Check() const;
};

// May `to` replace `from`? `to` is sound in itself, state only moves forward, fixed fields stay,
// and segments change only as protocol 3 (I7) allows; in a segment that takes no more entries that
// is one slot at a time. Asked before every compare-and-swap. kCorrupt says what is wrong.
common::Result<void> CheckTransition(const LedgerMetadata& from, const LedgerMetadata& to);

// The stored value (protocol/metadata.thrift). Decoding checks the structure too.
std::string EncodeLedger(const LedgerMetadata& ledger);
common::Result<LedgerMetadata> DecodeLedger(std::string_view value);

// "open", "in recovery", "closed", "deleted".
std::string_view StateName(LedgerState state);

}  // namespace quire::metadata
