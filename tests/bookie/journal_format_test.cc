#include "bookie/journal_format.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "bookie/journal_batch.h"
#include "common/random.h"

namespace quire::bookie {
namespace {

TEST(JournalFormatTest, NamesSortByEpochAndHaveOneSpelling) {
  EXPECT_EQ(JournalFileName(0x1f), "journal-000000000000001f.log");
  EXPECT_LT(JournalFileName(9), JournalFileName(10));
  for (const std::uint64_t epoch : {0ULL, 1ULL, 0xdeadbeefULL, ~0ULL}) {
    EXPECT_EQ(ParseJournalFileName(JournalFileName(epoch)), epoch);
  }
  for (const auto* name : {"", "journal-", "journal-1f.log", "journal-000000000000001F.log",
                           "journal-000000000000001g.log", "journal--00000000000001f.log",
                           "journal-000000000000001f.tmp", "xjournal-00000000000001f.log"}) {
    EXPECT_EQ(ParseJournalFileName(name), std::nullopt) << name;
  }
}

TEST(JournalFormatTest, ABatchTakesWholeBlocks) {
  EXPECT_EQ(BatchDiskBytes(1), 4096U);
  EXPECT_EQ(BatchDiskBytes(4096 - kBatchHeaderBytes), 4096U);
  EXPECT_EQ(BatchDiskBytes(4096 - kBatchHeaderBytes + 1), 8192U);
}

TEST(JournalFormatTest, AHeaderIsOnlyReadInItsEpochAndUndamaged) {
  std::string bytes(kBatchHeaderBytes, '\0');
  EncodeBatchHeader({.records = 3, .epoch = 7, .first = 11, .body_bytes = 90}, bytes.data());
  const auto header = DecodeBatchHeader(bytes, 7);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->version, kJournalVersion);
  EXPECT_EQ(header->records, 3U);
  EXPECT_EQ(header->first, 11U);
  EXPECT_EQ(header->body_bytes, 90U);
  EXPECT_FALSE(DecodeBatchHeader(bytes, 8));
  EXPECT_FALSE(DecodeBatchHeader(std::string_view(bytes).substr(1), 7));
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(DecodeBatchHeader(damaged, 7)) << bit;
  }
}

TEST(JournalFormatTest, RecordsParseBackAndNeverBeyondTheBody) {
  JournalBatch batch;
  batch.Begin(1);
  const std::array<std::string_view, 2> first{"ab", "c"};
  EXPECT_EQ(batch.Append(RecordType::kFence, first), kJournalRecordBytes + 3);
  EXPECT_EQ(batch.Append(RecordType::kLac, {}), kJournalRecordBytes);
  EXPECT_EQ(batch.last(), 2U);
  const std::uint64_t bytes = batch.body_bytes();
  const std::string body(batch.Seal(1).substr(kBatchHeaderBytes, bytes));
  std::string_view rest = body;
  auto record = TakeRecord(rest);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->lsn, 1U);
  EXPECT_EQ(record->type, RecordType::kFence);
  EXPECT_EQ(record->payload, "abc");
  record = TakeRecord(rest);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->type, RecordType::kLac);
  EXPECT_TRUE(rest.empty());
  EXPECT_FALSE(TakeRecord(rest));
  for (std::size_t cut = 0; cut < kJournalRecordBytes + 3; ++cut) {
    std::string_view part = std::string_view(body).substr(0, cut);
    EXPECT_FALSE(TakeRecord(part)) << cut;
  }
  for (std::size_t bit = 0; bit < (kJournalRecordBytes + 3) * 8; ++bit) {
    std::string damaged = body;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    std::string_view part = damaged;
    EXPECT_FALSE(TakeRecord(part)) << bit;
  }
}

TEST(JournalFormatTest, ABodyHoldsExactlyTheRecordsThatItsHeaderPromises) {
  JournalBatch batch;
  batch.Begin(7);
  for (int i = 0; i < 2; ++i) batch.Append(RecordType::kFence, {});
  const std::uint64_t bytes = batch.body_bytes();
  const std::string body(batch.Seal(1).substr(kBatchHeaderBytes, bytes));
  EXPECT_TRUE(VerifyBody({.records = 2, .first = 7}, body));
  EXPECT_FALSE(VerifyBody({.records = 1, .first = 7}, body));
  EXPECT_FALSE(VerifyBody({.records = 3, .first = 7}, body));
  EXPECT_FALSE(VerifyBody({.records = 2, .first = 6}, body));  // of the file's earlier life
}

TEST(JournalFormatTest, ABatchIsReusedWithoutTraces) {
  JournalBatch reused;
  reused.Begin(1);
  const std::array<std::string_view, 1> other{"something longer than the next"};
  reused.Append(RecordType::kEntry, other);
  (void)reused.Seal(1);
  reused.Begin(5);
  JournalBatch fresh;
  fresh.Begin(5);
  const std::array<std::string_view, 1> same{"same"};
  for (JournalBatch* batch : {&reused, &fresh}) batch->Append(RecordType::kEntry, same);
  EXPECT_EQ(reused.Seal(2), fresh.Seal(2));
}

}  // namespace
}  // namespace quire::bookie
