#include "tests/fuzz/journal_seal.h"

#include "bookie/journal_format.h"
#include "common/bytes.h"
#include "common/crc32c.h"

namespace quire::fuzz {
namespace {

using bookie::kBatchHeaderBytes;
using bookie::kJournalRecordBytes;

constexpr std::size_t kCrcBytes = 4;
constexpr std::size_t kMagicAt = 4;
constexpr std::size_t kLengthAt = 12;  // of a record's payload

void StoreCrc(char* bytes, std::size_t size) {
  common::StoreBig(bytes, common::Crc32c({bytes + kCrcBytes, size - kCrcBytes}));
}

}  // namespace

void SealBatch(std::string& batch) {
  if (batch.size() < kBatchHeaderBytes) return;
  common::StoreBig(batch.data() + kMagicAt, bookie::kJournalMagic);
  StoreCrc(batch.data(), kBatchHeaderBytes);
  for (std::size_t at = kBatchHeaderBytes; batch.size() - at >= kJournalRecordBytes;) {
    const auto length = common::LoadBig<std::uint32_t>(batch.data() + at + kLengthAt);
    if (length > batch.size() - at - kJournalRecordBytes) return;
    StoreCrc(batch.data() + at, kJournalRecordBytes + length);
    at += kJournalRecordBytes + length;
  }
}

}  // namespace quire::fuzz
