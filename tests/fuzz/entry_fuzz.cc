// Entries and explicit LAC records. Input: the encoded bytes; their own checksum is judged first,
// then they are given the right one, so that what lies behind the checksum is reached.

#include <string>

#include "common/bytes.h"
#include "common/check.h"
#include "common/crc32c.h"
#include "protocol/entry.h"
#include "protocol/limits.h"
#include "tests/fuzz/fuzz_target.h"

namespace quire::fuzz {
namespace {

using protocol::EntryHeader;
using protocol::EntryId;
using protocol::LedgerId;

constexpr std::size_t kLacCrcAt = 16;
constexpr std::size_t kCrcBytes = 4;

// Changes some of 32 neighbouring bits, all of them covered by the CRC or all of the CRC itself: a
// CRC-32 misses no such burst.
std::string WithBurst(std::string bytes, std::size_t crc_at, std::uint32_t choice) {
  const std::size_t at = choice % bytes.size();
  const std::uint32_t pattern = choice | 1;
  for (std::size_t i = 0; i < 4 && at + i < bytes.size(); ++i) {
    if (i > 0 && (at + i == crc_at || at + i == crc_at + kCrcBytes)) break;
    bytes[at + i] = static_cast<char>(bytes[at + i] ^ static_cast<char>(pattern >> (8 * i)));
  }
  return bytes;
}

bool Sane(const EntryHeader& header) {
  return header.ledger.value() >= 0 && header.entry.value() >= 0 &&
         header.entry.value() < INT64_MAX && header.lac.value() >= -1 &&
         header.lac.value() < header.entry.value() && header.length >= 0;
}

// What verifies is what was sealed, byte for byte, and of one ledger and id.
void CheckAccepted(std::string_view bytes, const EntryHeader& header) {
  QUIRE_CHECK(Sane(header));
  QUIRE_CHECK(bytes.size() <= protocol::kEntryOverheadBytes + protocol::kMaxPayloadBytes);
  std::string encoded;
  protocol::EncodeEntry(header, protocol::EntryPayload(bytes), encoded);
  QUIRE_CHECK(encoded == bytes);
  QUIRE_CHECK(protocol::VerifyEntry(bytes, header.ledger, header.entry).has_value());
  const LedgerId other_ledger(header.ledger.value() ^ 1);
  const EntryId other_entry(header.entry.value() ^ 1);
  QUIRE_CHECK(!protocol::VerifyEntry(bytes, other_ledger, header.entry));
  QUIRE_CHECK(!protocol::VerifyEntry(bytes, header.ledger, other_entry));
  QUIRE_CHECK(!protocol::VerifyEntry(
      WithBurst(encoded, protocol::kEntryHeaderBytes, common::Crc32c(bytes, 1))));
}

void CheckEntry(std::string_view input) {
  if (const auto header = protocol::VerifyEntry(input)) CheckAccepted(input, *header);
  if (input.size() < protocol::kEntryOverheadBytes) return;
  std::string sealed(input);
  const EntryHeader header = protocol::PeekEntryHeader(sealed);
  protocol::SealEntry(header, sealed);
  const auto verified = protocol::VerifyEntry(sealed);
  QUIRE_CHECK(verified.has_value() == Sane(header));
  if (verified) CheckAccepted(sealed, *verified);
}

void CheckLac(std::string_view input) {
  if (input.size() < sizeof(std::int64_t)) return;
  const LedgerId ledger(common::LoadBig<std::int64_t>(input.data()));
  const LedgerId other(ledger.value() ^ 1);
  if (const auto lac = protocol::VerifyLac(input, ledger)) {
    QUIRE_CHECK(protocol::EncodeLac(ledger, *lac) == input);
  }
  if (input.size() != protocol::kLacRecordBytes) return;
  const EntryId lac(common::LoadBig<std::int64_t>(input.data() + sizeof(std::int64_t)));
  std::string sealed(input.substr(0, kLacCrcAt));
  common::AppendBig(sealed, common::Crc32c(sealed));
  QUIRE_CHECK(sealed == protocol::EncodeLac(ledger, lac));
  const auto verified = protocol::VerifyLac(sealed, ledger);
  QUIRE_CHECK(verified.has_value() == (lac.value() >= -1 && lac.value() < INT64_MAX));
  if (verified) QUIRE_CHECK(*verified == lac);
  QUIRE_CHECK(!protocol::VerifyLac(sealed, other));
  QUIRE_CHECK(!protocol::VerifyLac(WithBurst(sealed, kLacCrcAt, common::Crc32c(input, 1)), ledger));
}

}  // namespace

void Run(std::string_view input) {
  CheckEntry(input);
  CheckLac(input);
}

}  // namespace quire::fuzz
