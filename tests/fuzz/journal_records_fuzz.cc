// One batch of the journal: its header and its records. Input: the epoch of the file, a byte that
// says whether checksums are made right first (odd), then the batch: header and body.

#include <optional>
#include <string>

#include "bookie/journal_format.h"
#include "common/bytes.h"
#include "common/check.h"
#include "common/crc32c.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/journal_seal.h"

namespace quire::fuzz {
namespace {

using bookie::BatchHeader;
using bookie::JournalRecord;
using bookie::kBatchHeaderBytes;
using bookie::kJournalRecordBytes;

// A header has one spelling, and is of the epoch asked for.
void CheckHeader(std::string_view bytes, const BatchHeader& header, std::uint64_t epoch) {
  QUIRE_CHECK(header.epoch == epoch);
  std::string again(kBatchHeaderBytes, '\0');
  bookie::EncodeBatchHeader(header, again.data());
  QUIRE_CHECK(bytes.starts_with(again));
  QUIRE_CHECK(!bookie::DecodeBatchHeader(bytes, epoch + 1));
  QUIRE_CHECK(bookie::BatchDiskBytes(header.body_bytes) >= kBatchHeaderBytes + header.body_bytes);
}

// So does a record.
void CheckRecord(std::string_view bytes, const JournalRecord& record) {
  QUIRE_CHECK(bytes.size() == kJournalRecordBytes + record.payload.size());
  std::string again(kJournalRecordBytes, '\0');
  again.append(record.payload);
  bookie::SealRecord(record.lsn, record.type, record.payload.size(), again.data());
  QUIRE_CHECK(again == bytes);
}

// A body verifies exactly when its records can be taken one by one with the LSNs that follow.
void CheckBody(BatchHeader header, std::string_view body) {
  std::string_view rest = body;
  std::uint32_t records = 0;
  bool in_order = true;
  while (const auto record = bookie::TakeRecord(rest)) {
    const std::size_t at = static_cast<std::size_t>(record->payload.data() - body.data());
    CheckRecord(body.substr(at - kJournalRecordBytes, kJournalRecordBytes + record->payload.size()),
                *record);
    in_order = in_order && record->lsn == header.first + records;
    ++records;
  }
  const bool whole = rest.empty() && in_order;
  QUIRE_CHECK(bookie::VerifyBody(header, body) == (whole && records == header.records));
  header.records = records;
  QUIRE_CHECK(bookie::VerifyBody(header, body) == whole);
  ++header.records;
  QUIRE_CHECK(!bookie::VerifyBody(header, body));
}

}  // namespace

void Run(std::string_view input) {
  Input in(input);
  const auto epoch = in.Number<std::uint64_t>();
  const bool seal = in.Byte() % 2 == 1;
  std::string bytes(in.rest());
  if (seal) SealBatch(bytes);
  const auto header = bookie::DecodeBatchHeader(bytes, epoch);
  if (header) CheckHeader(bytes, *header, epoch);
  if (bytes.size() < kBatchHeaderBytes) return;
  // Of exactly its size, so that a byte too many is seen.
  const std::string body = bytes.substr(kBatchHeaderBytes);
  CheckBody(header.value_or(BatchHeader{}), std::string_view(body).substr(0));
}

}  // namespace quire::fuzz
