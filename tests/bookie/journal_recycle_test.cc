#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bookie/journal_format.h"
#include "tests/bookie/journal_harness.h"

namespace quire::bookie {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class JournalRecycleTest : public ::testing::Test {
 protected:
  // Sixteen records of one block each fill a file.
  void Fill(int files) {
    for (int i = 0; i < files * 16; ++i) h_.Commit("payload");
  }
  void Trim(Lsn stored) {
    h_.journal->Trim(stored);
    h_.worker.RunAll();
  }
  JournalHarness h_;
};

TEST_F(JournalRecycleTest, KeepsAtMostTheSpareFiles) {
  ASSERT_TRUE(h_.Open());
  Fill(10);
  EXPECT_THAT(h_.Files(), SizeIs(11));  // nine full, the current, the next one
  Trim(h_.journal->last());
  EXPECT_THAT(h_.Files(), SizeIs(2 + 2));  // current, next, two spares
  EXPECT_EQ(h_.journal->live_bytes(), 64U << 10);
}

TEST_F(JournalRecycleTest, AFileIsKeptUntilItsLastRecordIsStored) {
  ASSERT_TRUE(h_.Open());
  Fill(3);
  Trim(15);
  EXPECT_EQ(h_.journal->live_bytes(), 48U * 4096);
  Trim(16);
  EXPECT_EQ(h_.journal->live_bytes(), 32U * 4096);
  ASSERT_TRUE(h_.Open(16));
  EXPECT_THAT(h_.replayed, SizeIs(32));
}

TEST_F(JournalRecycleTest, UsesTheSameFilesForEver) {
  ASSERT_TRUE(h_.Open());
  Fill(4);
  Trim(h_.journal->last());
  const auto files = h_.Files().size();
  const std::string newest = h_.Files().back();
  for (int i = 0; i < 20; ++i) {
    Fill(1);
    Trim(h_.journal->last());
    EXPECT_THAT(h_.Files(), SizeIs(files));
  }
  EXPECT_GT(h_.Files().back(), newest);  // under new names
}

// G06 and T5: a recycled file still holds the records of its earlier life behind the new ones.
TEST_F(JournalRecycleTest, StaleRecordsAreNeverReplayed) {
  ASSERT_TRUE(h_.Open());
  for (int i = 0; i < 64; ++i) h_.Commit("stale");
  Trim(64);
  for (int i = 0; i < 40; ++i) h_.Commit("fresh");
  const std::string current = h_.disk.Contents(h_.Files()[h_.Files().size() - 2]);
  ASSERT_TRUE(current.contains("stale"));
  ASSERT_TRUE(current.contains("fresh"));
  ASSERT_TRUE(h_.Open(64));
  EXPECT_THAT(h_.replayed, SizeIs(40));
  for (const auto& record : h_.replayed) EXPECT_EQ(record.payload, "fresh");
}

TEST_F(JournalRecycleTest, FilesAreWrittenToTheirSizeBeforeUse) {
  ASSERT_TRUE(h_.Open());
  Fill(3);
  for (const auto& name : h_.Files()) EXPECT_THAT(h_.disk.Contents(name), SizeIs(64 << 10));
}

TEST_F(JournalRecycleTest, PreparesTheNextFileInSlicesBetweenBatches) {
  h_.options.file_bytes = 8 << 20;
  ASSERT_TRUE(h_.Open());
  h_.Append("a");
  h_.journal->Kick();
  std::uint64_t prepared = 0;
  for (int turn = 0; turn < 5; ++turn) {
    ASSERT_TRUE(h_.worker.RunOne());
    const std::uint64_t size = h_.disk.Contents(h_.Files().back()).size();
    EXPECT_LE(size - prepared, 64U << 10);  // a waiting batch never waits for more
    prepared = size;
    h_.Append("b");
  }
  h_.worker.RunAll();  // idle: to the end
  EXPECT_THAT(h_.disk.Contents(h_.Files().back()), SizeIs(8 << 20));
}

TEST_F(JournalRecycleTest, RollsAlsoWhenTheNextFileIsNotReady) {
  h_.options.file_bytes = 1 << 20;
  ASSERT_TRUE(h_.Open());
  // Batches as large as files: only one slice is prepared when the first of them rolls.
  for (int i = 0; i < 4; ++i) {
    h_.Append(std::string(900'000, 'x'));
    h_.journal->Kick();
    h_.worker.RunOne();
  }
  h_.loop.RunAll();
  EXPECT_EQ(h_.journal->durable(), 4U);
  ASSERT_TRUE(h_.Open());
  EXPECT_THAT(h_.replayed, SizeIs(4));
}

TEST_F(JournalRecycleTest, OpenUsesLeftoverFilesOfAnySize) {
  const std::string name = JournalFileName(7);
  auto file = h_.disk.Open(name, {.create = true});
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->Write(0, std::string(10'000, '\0')));
  ASSERT_TRUE(h_.Open());
  EXPECT_THAT(h_.Files(), ::testing::ElementsAre(JournalFileName(8)));
  EXPECT_THAT(h_.disk.Contents(JournalFileName(8)), SizeIs(64 << 10));
}

TEST_F(JournalRecycleTest, LeavesForeignFilesAlone) {
  for (const auto* name : {"segment-1", "journal-1.log", "journal-00000000000000FF.log"}) {
    ASSERT_TRUE(h_.disk.Open(name, {.create = true}));
  }
  ASSERT_TRUE(h_.Open());
  EXPECT_THAT(h_.Files(), SizeIs(4));
}

TEST_F(JournalRecycleTest, WithNoSparesThereIsStillAlwaysAFile) {
  h_.options.spare_files = 0;
  ASSERT_TRUE(h_.Open());
  Fill(3);
  ASSERT_TRUE(h_.Open(48));
  EXPECT_THAT(h_.Files(), SizeIs(1));
  ASSERT_TRUE(h_.Open(48));
  EXPECT_THAT(h_.replayed, IsEmpty());
  EXPECT_EQ(h_.Commit("x"), 49U);
}

}  // namespace
}  // namespace quire::bookie
