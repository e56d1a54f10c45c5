#include "protocol/entry.h"

#include "common/bytes.h"
#include "common/check.h"
#include "common/crc32c.h"
#include "protocol/limits.h"

namespace quire::protocol {
namespace {

using common::Errc;
using common::Fail;
using common::LoadBig;
using common::StoreBig;

std::uint32_t EntryCrc(std::string_view header, std::string_view payload) {
  return common::Crc32c(payload, common::Crc32c(header));
}

void StoreHead(const EntryHeader& header, std::string_view payload, char* head) {
  StoreBig(head, header.ledger.value());
  StoreBig(head + 8, header.entry.value());
  StoreBig(head + 16, header.lac.value());
  StoreBig(head + 24, header.length);
  StoreBig(head + kEntryHeaderBytes, EntryCrc({head, kEntryHeaderBytes}, payload));
}

}  // namespace

void EncodeEntry(const EntryHeader& header, std::string_view payload, std::string& out) {
  char head[kEntryOverheadBytes];
  StoreHead(header, payload, head);
  out.reserve(out.size() + sizeof(head) + payload.size());
  out.append(head, sizeof(head));
  out.append(payload);
}

void SealEntry(const EntryHeader& header, std::string& bytes) {
  QUIRE_CHECK(bytes.size() >= kEntryOverheadBytes);
  StoreHead(header, EntryPayload(bytes), bytes.data());
}

EntryHeader PeekEntryHeader(std::string_view entry) {
  return {.ledger = LedgerId(LoadBig<std::int64_t>(entry.data())),
          .entry = EntryId(LoadBig<std::int64_t>(entry.data() + 8)),
          .lac = EntryId(LoadBig<std::int64_t>(entry.data() + 16)),
          .length = LoadBig<std::int64_t>(entry.data() + 24)};
}

common::Result<EntryHeader> VerifyEntry(std::string_view entry) {
  if (entry.size() < kEntryOverheadBytes)
    return Fail(Errc::kCorrupt, "entry shorter than its header");
  if (entry.size() > kEntryOverheadBytes + kMaxPayloadBytes) {
    return Fail(Errc::kCorrupt, "entry longer than the limit");
  }
  const auto stored = LoadBig<std::uint32_t>(entry.data() + kEntryHeaderBytes);
  if (stored != EntryCrc(entry.substr(0, kEntryHeaderBytes), EntryPayload(entry))) {
    return Fail(Errc::kCorrupt, "entry fails its checksum");
  }
  const EntryHeader header = PeekEntryHeader(entry);
  // The largest number is no id: it has no successor (ledger metadata refuses it as well).
  const bool sane = header.ledger.value() >= 0 && header.entry.value() >= 0 &&
                    header.entry.value() < INT64_MAX && header.lac >= kNoEntry &&
                    header.lac < header.entry && header.length >= 0;
  if (!sane) return Fail(Errc::kCorrupt, "entry header makes no sense");
  return header;
}

common::Result<EntryHeader> VerifyEntry(std::string_view entry, LedgerId ledger, EntryId id) {
  auto header = VerifyEntry(entry);
  if (header && (header->ledger != ledger || header->entry != id)) {
    return Fail(Errc::kCorrupt, "entry is another one than asked for");
  }
  return header;
}

std::string EncodeLac(LedgerId ledger, EntryId lac) {
  std::string record;
  common::AppendBig(record, ledger.value());
  common::AppendBig(record, lac.value());
  common::AppendBig(record, common::Crc32c(record));
  return record;
}

common::Result<EntryId> VerifyLac(std::string_view record, LedgerId ledger) {
  if (record.size() != kLacRecordBytes) return Fail(Errc::kCorrupt, "LAC record has a wrong size");
  if (LoadBig<std::uint32_t>(record.data() + 16) != common::Crc32c(record.substr(0, 16))) {
    return Fail(Errc::kCorrupt, "LAC record fails its checksum");
  }
  const EntryId lac(LoadBig<std::int64_t>(record.data() + 8));
  if (LoadBig<std::int64_t>(record.data()) != ledger.value() || lac < kNoEntry ||
      lac.value() == INT64_MAX) {
    return Fail(Errc::kCorrupt, "LAC record is of another ledger or makes no sense");
  }
  return lac;
}

}  // namespace quire::protocol
