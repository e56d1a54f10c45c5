#include "bookie/journal_batch.h"

#include <cstring>

#include "common/check.h"

namespace quire::bookie {

void JournalBatch::Begin(Lsn first) {
  header_ = BatchHeader{.first = first};
  buffer_.Clear();
  buffer_.Extend(kBatchHeaderBytes);
}

std::size_t JournalBatch::Append(RecordType type, std::span<const std::string_view> parts) {
  std::size_t payload = 0;
  for (const std::string_view part : parts) payload += part.size();
  QUIRE_CHECK(payload <= kMaxRecordBytes);
  const std::size_t bytes = kJournalRecordBytes + payload;
  char* const record = buffer_.Extend(bytes);
  char* out = record + kJournalRecordBytes;
  for (const std::string_view part : parts) {
    if (part.empty()) continue;
    std::memcpy(out, part.data(), part.size());
    out += part.size();
  }
  SealRecord(header_.first + header_.records, type, payload, record);
  ++header_.records;
  return bytes;
}

std::string_view JournalBatch::Seal(std::uint64_t epoch) {
  QUIRE_CHECK(!empty());
  header_.epoch = epoch;
  header_.body_bytes = static_cast<std::uint32_t>(body_bytes());
  buffer_.Pad();
  EncodeBatchHeader(header_, buffer_.data());
  return buffer_.view();
}

}  // namespace quire::bookie
