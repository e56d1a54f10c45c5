#include "bookie/journal_format.h"

#include "common/bytes.h"
#include "common/crc32c.h"
#include "common/disk.h"
#include "common/hex_digits.h"

namespace quire::bookie {
namespace {

constexpr std::string_view kPrefix = "journal-";
constexpr std::string_view kSuffix = ".log";

std::uint32_t HeaderCrc(const char* header) {
  return common::Crc32c(
      {header + sizeof(std::uint32_t), kBatchHeaderBytes - sizeof(std::uint32_t)});
}

}  // namespace

std::uint64_t BatchDiskBytes(std::uint64_t body_bytes) {
  const std::uint64_t bytes = kBatchHeaderBytes + body_bytes + common::kDiskBlockBytes - 1;
  return bytes - bytes % common::kDiskBlockBytes;
}

void EncodeBatchHeader(const BatchHeader& header, char* out) {
  common::StoreBig(out + 4, kJournalMagic);
  common::StoreBig(out + 8, header.version);
  common::StoreBig(out + 12, header.records);
  common::StoreBig(out + 16, header.epoch);
  common::StoreBig(out + 24, header.first);
  common::StoreBig(out + 32, header.body_bytes);
  common::StoreBig(out, HeaderCrc(out));
}

std::optional<BatchHeader> DecodeBatchHeader(std::string_view bytes, std::uint64_t epoch) {
  if (bytes.size() < kBatchHeaderBytes) return std::nullopt;
  const char* in = bytes.data();
  if (common::LoadBig<std::uint32_t>(in + 4) != kJournalMagic ||
      common::LoadBig<std::uint64_t>(in + 16) != epoch ||
      common::LoadBig<std::uint32_t>(in) != HeaderCrc(in)) {
    return std::nullopt;
  }
  const BatchHeader header{.version = common::LoadBig<std::uint32_t>(in + 8),
                           .records = common::LoadBig<std::uint32_t>(in + 12),
                           .epoch = epoch,
                           .first = common::LoadBig<std::uint64_t>(in + 24),
                           .body_bytes = common::LoadBig<std::uint32_t>(in + 32)};
  return header;
}

void SealRecord(Lsn lsn, RecordType type, std::size_t payload_bytes, char* record) {
  common::StoreBig(record + 4, lsn);
  common::StoreBig(record + 12, static_cast<std::uint32_t>(payload_bytes));
  record[16] = static_cast<char>(type);
  common::StoreBig(record, common::Crc32c({record + 4, kJournalRecordBytes - 4 + payload_bytes}));
}

std::optional<JournalRecord> TakeRecord(std::string_view& body) {
  common::ByteReader reader(body);
  const auto crc = reader.Big<std::uint32_t>();
  const auto lsn = reader.Big<Lsn>();
  const auto length = reader.Big<std::uint32_t>();
  const auto type = reader.Big<std::uint8_t>();
  if (!crc || !lsn || !length || !type) return std::nullopt;
  const auto payload = reader.Bytes(*length);
  if (!payload) return std::nullopt;
  if (*crc != common::Crc32c(body.substr(4, kJournalRecordBytes - 4 + *length))) {
    return std::nullopt;
  }
  body = reader.rest();
  return JournalRecord{.lsn = *lsn, .type = static_cast<RecordType>(*type), .payload = *payload};
}

bool VerifyBody(const BatchHeader& header, std::string_view body) {
  for (std::uint32_t i = 0; i < header.records; ++i) {
    const auto record = TakeRecord(body);
    if (!record || record->lsn != header.first + i) return false;
  }
  return body.empty();
}

std::string JournalFileName(std::uint64_t epoch) {
  return std::string(kPrefix).append(common::HexDigits(epoch)).append(kSuffix);
}

std::optional<std::uint64_t> ParseJournalFileName(std::string_view name) {
  if (name.size() != kPrefix.size() + common::kHexDigits + kSuffix.size() ||
      !name.starts_with(kPrefix) || !name.ends_with(kSuffix)) {
    return std::nullopt;
  }
  return common::ParseHexDigits(name.substr(kPrefix.size(), common::kHexDigits));
}

}  // namespace quire::bookie
