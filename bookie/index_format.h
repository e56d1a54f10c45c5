#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "bookie/journal.h"
#include "bookie/ledger_state.h"
#include "bookie/segment_format.h"
#include "bookie/tombstones.h"
#include "common/error.h"
#include "protocol/ids.h"
#include "protocol/uuid.h"

namespace quire::bookie {

// Keys and values of the index. Numbers in keys are big-endian, so that keys sort by value:
//
//   'E' ledger u64 first-entry u64   an extent (extent.h)
//   'L' ledger u64                   the state of a ledger
//   'S' segment u64                  its bytes of records, and how many of them are live
//   'T' block of ids u64             bits: which of its ledgers are deleted for good (tombstones.h)
//   'M' "last-commit"                format version, stored LSN, next segment id; if the index was
//                                    ever rebuilt the limbo floor; the bookie's id; if deletions
//                                    were undone up to which LSN
//
// No key is shorter than the prefix of an extent: RocksDB takes the prefix of its neighbours as
// well. Each value begins with a CRC-32C of key and value: a bit that rots, or a value under a
// wrong key, is noticed here and never becomes a denial (T-16).
inline constexpr std::uint32_t kIndexVersion = 1;
inline constexpr std::size_t kExtentPrefixBytes = 1 + 8;  // what the extents of one ledger share
inline constexpr std::string_view kCommitKey = "Mlast-commit";

inline constexpr char kExtentKind = 'E';
std::string ExtentPrefix(protocol::LedgerId ledger);
// The ledger, if the key is of an extent.
std::optional<protocol::LedgerId> ParseExtentLedger(std::string_view key);
std::string ExtentKey(protocol::LedgerId ledger, protocol::EntryId first);
// The first entry's id, if the key is of an extent of the ledger.
std::optional<protocol::EntryId> ParseExtentKey(std::string_view key, protocol::LedgerId ledger);

std::string StateKey(protocol::LedgerId ledger);
std::string SegmentKey(SegmentId segment);
std::string TombstoneKey(std::int64_t block);
// The number in a key made by one of these three; nullopt for any other key.
std::optional<std::uint64_t> ParseNumberKey(std::string_view key, char kind);

std::string SealValue(std::string_view key, std::string_view content);
common::Result<std::string_view> OpenValue(std::string_view key, std::string_view value);

std::string EncodeState(const LedgerState& state);
common::Result<LedgerState> DecodeState(std::string_view content);

// Of a block of tombstones, as 64-bit words.
std::string EncodeTombstones(const Tombstones::Bits& bits);
common::Result<Tombstones::Bits> DecodeTombstones(std::string_view content);

struct SegmentSpace {
  std::uint64_t total = 0;
  std::uint64_t live = 0;

  bool operator==(const SegmentSpace&) const = default;
};
std::string EncodeSpace(const SegmentSpace& space);
common::Result<SegmentSpace> DecodeSpace(std::string_view content);

struct CommitRecord {
  Lsn stored = 0;
  SegmentId next_segment = 1;
  // The index was rebuilt, and with the old one fences may have gone: a ledger below this id that
  // has no state is in limbo. 0: it never was.
  protocol::LedgerId limbo_floor{0};
  protocol::BookieId bookie = {};  // whose index it is; nil: nobody said, as before this was here
  // Tombstones in the journal below this LSN do not count: they were undone, which left their
  // ledgers in limbo. 0: all count.
  Lsn undeleted_below = 0;

  bool operator==(const CommitRecord&) const = default;
};
// As the tool that rebuilds leaves it; the next start replaces it by an id that is new then.
inline constexpr protocol::LedgerId kLimboEverywhere{std::numeric_limits<std::int64_t>::max()};
std::string EncodeCommit(const CommitRecord& commit);
common::Result<CommitRecord> DecodeCommit(std::string_view content);

}  // namespace quire::bookie
