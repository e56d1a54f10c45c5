#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/error.h"
#include "protocol/ids.h"

namespace quire::protocol {

// An entry as it is stored, sent and copied, always the same bytes (protocol 1.2):
//
//   ledger_id i64 | entry_id i64 | lac i64 | length i64 | crc32c u32 | payload
//
// big-endian. `lac` is the writer's LAC when the entry was made. `length` counts the payload bytes
// of entries 0..entry_id inclusive. The CRC covers the 32 header bytes and the payload.
inline constexpr std::size_t kEntryHeaderBytes = 32;
inline constexpr std::size_t kEntryOverheadBytes = kEntryHeaderBytes + 4;

struct EntryHeader {
  LedgerId ledger;
  EntryId entry;
  EntryId lac = kNoEntry;
  std::int64_t length = 0;
};

// Appends the encoded entry to `out`.
void EncodeEntry(const EntryHeader& header, std::string_view payload, std::string& out);

// As EncodeEntry for a buffer that holds kEntryOverheadBytes of room and then the payload.
void SealEntry(const EntryHeader& header, std::string& bytes);

// The header of bytes that were verified before; at least kEntryOverheadBytes long.
EntryHeader PeekEntryHeader(std::string_view entry);

inline std::string_view EntryPayload(std::string_view entry) {
  return entry.substr(kEntryOverheadBytes);
}

// Verifies length and CRC of untrusted bytes and that the ids make sense (ledger and entry not
// negative, lac below the entry). kCorrupt otherwise.
common::Result<EntryHeader> VerifyEntry(std::string_view entry);

// As above, and the entry is the one that was asked for: a bookie cannot answer with another.
common::Result<EntryHeader> VerifyEntry(std::string_view entry, LedgerId ledger, EntryId id);

// The explicit-LAC record, `ledger_id i64 | lac i64 | crc32c u32`, with its own check.
inline constexpr std::size_t kLacRecordBytes = 20;
std::string EncodeLac(LedgerId ledger, EntryId lac);
common::Result<EntryId> VerifyLac(std::string_view record, LedgerId ledger);

}  // namespace quire::protocol
