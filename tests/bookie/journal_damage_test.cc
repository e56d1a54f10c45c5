#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "bookie/journal_batch.h"
#include "bookie/journal_format.h"
#include "tests/bookie/journal_harness.h"

namespace quire::bookie {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Each record is a batch of one block, sixteen fill a file.
class JournalDamageTest : public ::testing::Test {
 protected:
  void Write(int records) {
    ASSERT_TRUE(h_.Open());
    for (int i = 0; i < records; ++i) h_.Commit("record");
    h_.Stop();
  }
  void ExpectCorrupt(Lsn stored, const std::string& file, const std::string& place) {
    const auto opened = h_.Open(stored);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), common::Errc::kCorrupt);
    EXPECT_THAT(opened.error().context(),
                AllOf(HasSubstr(file), HasSubstr(place), HasSubstr("Do not delete")));
  }
  void Overwrite(const std::string& name, std::uint64_t offset, std::string_view bytes) {
    auto file = h_.disk.Open(name, {.create = true, .durable = true});
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->Write(offset, bytes));
  }
  const std::string file1_ = JournalFileName(1);
  const std::string file2_ = JournalFileName(2);
  const std::string file3_ = JournalFileName(3);
  JournalHarness h_;
};

// Damage at each byte of a batch: crc, magic, version, ..., first record, its payload.
class JournalDamageAtTest : public JournalDamageTest,
                            public ::testing::WithParamInterface<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Offsets, JournalDamageAtTest, ::testing::Range<std::uint64_t>(0, 51));

// G03: cut inside header, cut inside body.
TEST_P(JournalDamageAtTest, CutsATornTailWhereverItIsTorn) {
  Write(5);
  h_.disk.Flip(file1_, 4UL * 4096 + GetParam());
  ASSERT_TRUE(h_.Open());
  EXPECT_THAT(h_.replayed, SizeIs(4));
  EXPECT_EQ(h_.journal->last(), 4U);
  // What follows in a later file begins with the very record that was cut.
  EXPECT_EQ(h_.Commit("again"), 5U);
  ASSERT_TRUE(h_.Open());
  ASSERT_THAT(h_.replayed, SizeIs(5));
  EXPECT_EQ(h_.replayed.back().payload, "again");
}

// T-18: behind the damage is a batch that was written after it had become durable.
TEST_P(JournalDamageAtTest, DamageInTheMiddleStopsWithFileAndOffset) {
  Write(5);
  h_.disk.Flip(file1_, 2UL * 4096 + GetParam());
  ExpectCorrupt(0, file1_, "offset 8192");
}

TEST_F(JournalDamageTest, JunkBehindTheTailIsCut) {
  Write(3);
  Overwrite(file1_, 3UL * 4096, std::string(20'000, 'j'));
  ASSERT_TRUE(h_.Open());
  EXPECT_THAT(h_.replayed, SizeIs(3));
}

TEST_F(JournalDamageTest, AFileOfJunkIsReused) {
  Overwrite(file1_, 0, std::string(100'000, 'j'));
  ASSERT_TRUE(h_.Open());
  EXPECT_EQ(h_.Commit("a"), 1U);
  ASSERT_TRUE(h_.Open());
  EXPECT_THAT(h_.replayed, SizeIs(1));
}

TEST_F(JournalDamageTest, AnEmptyFileIsReused) {
  ASSERT_TRUE(h_.disk.Open(file1_, {.create = true}));
  ASSERT_TRUE(h_.Open());
  EXPECT_THAT(h_.replayed, IsEmpty());
}

TEST_F(JournalDamageTest, DamageInTheFirstBatchStops) {
  Write(5);
  h_.disk.Flip(file1_, 1);
  ExpectCorrupt(0, file1_, "offset 0");
}

TEST_F(JournalDamageTest, ADamagedTailWithALaterFileStops) {
  Write(20);  // sixteen in the first file
  h_.disk.Flip(file1_, 15 * 4096);
  ExpectCorrupt(0, file2_, "begins with record 17, but 16 should follow");
}

TEST_F(JournalDamageTest, AMissingFileInTheMiddleStops) {
  Write(40);
  ASSERT_TRUE(h_.disk.Remove(file2_));
  ExpectCorrupt(0, file3_, "begins with record 33, but 17 should follow");
}

TEST_F(JournalDamageTest, AGapBehindStoredStops) {
  Write(20);
  ASSERT_TRUE(h_.disk.Remove(file1_));
  ExpectCorrupt(15, file2_, "begins with record 17, but 16 should follow");
}

TEST_F(JournalDamageTest, AGapUpToStoredIsWhatTrimmingLeaves) {
  Write(20);
  ASSERT_TRUE(h_.disk.Remove(file1_));
  ASSERT_TRUE(h_.Open(16));
  EXPECT_THAT(h_.replayed, SizeIs(4));
  EXPECT_THAT(h_.odd, IsEmpty());
}

// G05: whoever removed it may remove the next one as well.
TEST_F(JournalDamageTest, AFileThatIsMissingBetweenOthersBelowStoredIsTold) {
  Write(40);
  h_.Stop();
  ASSERT_TRUE(h_.disk.Remove(file2_));
  ASSERT_TRUE(h_.Open(36));
  EXPECT_THAT(h_.replayed, SizeIs(4));
  ASSERT_THAT(h_.odd, SizeIs(1));
  EXPECT_THAT(h_.odd[0], HasSubstr("records 17 to 32 are missing before " + file3_));
}

TEST_F(JournalDamageTest, AFileTwiceStops) {
  Write(20);
  // The same records again under a later epoch, as if somebody had meddled.
  JournalBatch batch;
  batch.Begin(3);
  const std::array<std::string_view, 1> parts{"twice"};
  batch.Append(RecordType::kEntry, parts);
  Overwrite(JournalFileName(9), 0, batch.Seal(9));
  ExpectCorrupt(0, JournalFileName(9), "begins with record 3, but 21 should follow");
}

// G05.
TEST_F(JournalDamageTest, RefusesToStartWithoutItsFiles) {
  const auto opened = h_.Open(12);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), common::Errc::kCorrupt);
  EXPECT_THAT(opened.error().context(), HasSubstr("journal files are missing"));
}

// G04: a header that lies, under a CRC that is right.
TEST_F(JournalDamageTest, ABatchWithOtherRecordsThanPromisedDoesNotCount) {
  std::string block(4096, '\0');
  JournalBatch batch;
  batch.Begin(1);
  const std::array<std::string_view, 1> parts{"fine"};
  batch.Append(RecordType::kEntry, parts);
  block = batch.Seal(1);
  const auto header = DecodeBatchHeader(block, 1).value();
  auto lying = header;
  lying.records = 2;
  EncodeBatchHeader(lying, block.data());
  Overwrite(file1_, 0, block);
  ASSERT_TRUE(h_.Open());
  EXPECT_THAT(h_.replayed, IsEmpty());
  h_.Stop();
  lying = header;
  lying.first = 0;  // never written
  EncodeBatchHeader(lying, block.data());
  Overwrite(file1_, 0, block);
  ASSERT_TRUE(h_.Open());
  EXPECT_THAT(h_.replayed, IsEmpty());
}

TEST_F(JournalDamageTest, RefusesAVersionOfTheFuture) {
  Write(1);
  std::string block = h_.disk.Contents(file1_).substr(0, 4096);
  auto header = DecodeBatchHeader(block, 1).value();
  header.version = kJournalVersion + 1;
  EncodeBatchHeader(header, block.data());
  Overwrite(file1_, 0, block);
  const auto opened = h_.Open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), common::Errc::kUnsupported);
  EXPECT_THAT(opened.error().context(), HasSubstr(file1_));
}

// A client may store bytes that look like a batch. In a torn batch they must not pass for a later
// one.
TEST_F(JournalDamageTest, EntriesThatLookLikeBatchesAreNotMistaken) {
  Write(2);
  ASSERT_TRUE(h_.Open());
  const std::string name = h_.Files().back();  // of the next batch
  const std::uint64_t epoch = ParseJournalFileName(name).value();
  JournalBatch fake;
  fake.Begin(9);
  const std::array<std::string_view, 1> parts{"fake"};
  fake.Append(RecordType::kEntry, parts);
  const std::string image(fake.Seal(epoch));
  const std::string front(4096 - kBatchHeaderBytes - kJournalRecordBytes, 'f');
  h_.Commit(front + image + "end");
  h_.Stop();
  const std::string all = h_.disk.Contents(name);
  ASSERT_EQ(all.substr(4096, image.size()), image);
  h_.disk.Flip(name, 8192 + 1);  // the batch is torn, its header is not
  ASSERT_TRUE(h_.Open());
  EXPECT_THAT(h_.replayed, SizeIs(2));
}

}  // namespace
}  // namespace quire::bookie
