#include "bookie/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "tests/bookie/journal_harness.h"

namespace quire::bookie {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class JournalTest : public ::testing::Test {
 protected:
  using Record = JournalHarness::Record;
  JournalHarness h_;
};

TEST_F(JournalTest, ReplaysWhatWasAppendedInOrder) {
  ASSERT_TRUE(h_.Open());
  const std::array<std::string_view, 3> parts{"key", "", "entry"};
  EXPECT_EQ(h_.journal->Append(RecordType::kEntry, parts), 1U);
  EXPECT_EQ(h_.Append("fence", RecordType::kFence), 2U);
  EXPECT_EQ(h_.Append("", RecordType::kTombstone), 3U);
  h_.Settle();
  EXPECT_EQ(h_.Append("lac", RecordType::kLac), 4U);
  h_.Settle();
  EXPECT_THAT(h_.durable, ElementsAre(3, 4));
  ASSERT_TRUE(h_.Open());
  EXPECT_THAT(
      h_.replayed,
      ElementsAre(Record{1, RecordType::kEntry, "keyentry"}, Record{2, RecordType::kFence, "fence"},
                  Record{3, RecordType::kTombstone, ""}, Record{4, RecordType::kLac, "lac"}));
  EXPECT_EQ(h_.journal->last(), 4U);
  EXPECT_EQ(h_.journal->durable(), 4U);
}

TEST_F(JournalTest, WritesNothingBeforeKick) {
  ASSERT_TRUE(h_.Open());
  const auto writes = h_.disk.writes();
  h_.Append("a");
  EXPECT_EQ(h_.worker.jobs(), 0U);
  EXPECT_EQ(h_.disk.writes(), writes);
  EXPECT_GT(h_.journal->queued_bytes(), 0U);
  h_.Settle();
  EXPECT_EQ(h_.journal->queued_bytes(), 0U);
}

TEST_F(JournalTest, KickWithNothingToWriteSubmitsNoJob) {
  ASSERT_TRUE(h_.Open());
  h_.journal->Kick();
  EXPECT_EQ(h_.worker.jobs(), 0U);
}

// G01, G02: appends while a write is under way become one batch, told durable together.
TEST_F(JournalTest, CommitsAppendsDuringAWriteAsOneBatch) {
  ASSERT_TRUE(h_.Open());
  h_.Commit("first");  // and the next file is prepared, so that only batches are written below
  h_.Append("a");
  h_.journal->Kick();
  h_.Append("b");
  h_.journal->Kick();
  EXPECT_EQ(h_.worker.jobs(), 1U);
  const auto writes = h_.disk.writes();
  h_.worker.RunOne();
  for (int i = 0; i < 50; ++i) {
    h_.Append("c");
    h_.journal->Kick();
  }
  h_.worker.RunAll();
  EXPECT_EQ(h_.disk.writes() - writes, 2U);
  EXPECT_EQ(h_.journal->durable(), 1U);  // nothing is told before the loop's turn
  h_.loop.RunAll();
  EXPECT_THAT(h_.durable, ElementsAre(1, 3, 53));
}

TEST_F(JournalTest, LsnsContinueOverRestartsAndFullTrim) {
  ASSERT_TRUE(h_.Open());
  for (int i = 0; i < 5; ++i) h_.Commit("x");
  ASSERT_TRUE(h_.Open(2));
  EXPECT_THAT(h_.replayed, SizeIs(3));
  EXPECT_EQ(h_.replayed.front().lsn, 3U);
  EXPECT_EQ(h_.Commit("y"), 6U);
  ASSERT_TRUE(h_.Open(6));
  EXPECT_THAT(h_.replayed, IsEmpty());
  EXPECT_EQ(h_.journal->live_bytes(), 0U);
  ASSERT_TRUE(h_.Open(6));  // all files are spares by now
  EXPECT_EQ(h_.Commit("z"), 7U);
  ASSERT_TRUE(h_.Open(6));
  EXPECT_THAT(h_.replayed, ElementsAre(Record{7, RecordType::kEntry, "z"}));
}

TEST_F(JournalTest, AppendsToANewFileAfterEachOpen) {
  ASSERT_TRUE(h_.Open());
  h_.Commit("a");
  const std::string before = h_.disk.Contents(h_.Files().front());
  ASSERT_TRUE(h_.Open());
  h_.Commit("b");
  EXPECT_EQ(h_.disk.Contents(h_.Files().front()), before);
  ASSERT_TRUE(h_.Open());
  EXPECT_THAT(h_.replayed, SizeIs(2));
}

TEST_F(JournalTest, AnErrorOfReplayEndsOpen) {
  ASSERT_TRUE(h_.Open());
  h_.Commit("a");
  h_.Stop();
  const auto opened =
      Journal::Open(h_.disk, h_.loop, h_.worker, h_.options, 0,
                    [](Lsn, RecordType, std::string_view) -> common::Result<void> {
                      return common::Fail(common::Errc::kUnsupported, "no such type");
                    },
                    {});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), common::Errc::kUnsupported);
}

TEST_F(JournalTest, RollsAndReplaysOverManyFiles) {
  ASSERT_TRUE(h_.Open());
  for (int i = 0; i < 200; ++i) h_.Commit("record " + std::to_string(i));
  EXPECT_GT(h_.Files().size(), 10U);
  EXPECT_EQ(h_.journal->live_bytes(), 200U * 4096);
  ASSERT_TRUE(h_.Open());
  ASSERT_THAT(h_.replayed, SizeIs(200));
  for (std::size_t i = 0; i < 200; ++i) {
    EXPECT_EQ(h_.replayed[i].lsn, i + 1);
    EXPECT_EQ(h_.replayed[i].payload, "record " + std::to_string(i));
  }
}

TEST_F(JournalTest, ABatchThatDoesNotFitRollsFirst) {
  ASSERT_TRUE(h_.Open());
  h_.Commit(std::string(40'000, 'a'));
  h_.Commit(std::string(40'000, 'b'));
  ASSERT_TRUE(h_.Open());
  ASSERT_THAT(h_.replayed, SizeIs(2));
  EXPECT_EQ(h_.replayed[1].payload, std::string(40'000, 'b'));
}

// G02
TEST_F(JournalTest, CutsALongQueueIntoBatchesOfBoundedSize) {
  ASSERT_TRUE(h_.Open());
  for (int i = 0; i < 20; ++i) h_.Append(std::string(10'000, 'q'));  // files take 64 KiB
  h_.Settle();
  EXPECT_THAT(h_.durable, ElementsAre(6, 12, 18, 20));
  ASSERT_TRUE(h_.Open());
  EXPECT_THAT(h_.replayed, SizeIs(20));
}

TEST_F(JournalTest, TakesARecordLargerThanAFile) {
  ASSERT_TRUE(h_.Open());
  h_.Commit("small");
  h_.Commit(std::string(200'000, 'L'));
  h_.Commit("after");
  ASSERT_TRUE(h_.Open());
  ASSERT_THAT(h_.replayed, SizeIs(3));
  EXPECT_EQ(h_.replayed[1].payload, std::string(200'000, 'L'));
}

TEST_F(JournalTest, MayBeDestroyedWithAJobQueued) {
  ASSERT_TRUE(h_.Open());
  h_.Append("a");
  h_.journal->Kick();
  h_.journal.reset();
  h_.worker.RunAll();
  h_.loop.RunAll();
  EXPECT_THAT(h_.durable, IsEmpty());
}

TEST_F(JournalTest, MayBeDestroyedWithAMessageUnderWay) {
  ASSERT_TRUE(h_.Open());
  h_.Append("a");
  h_.journal->Kick();
  h_.worker.RunOne();
  EXPECT_EQ(h_.loop.tasks(), 1U);
  h_.journal.reset();
  h_.loop.RunAll();
  h_.worker.RunAll();
  EXPECT_THAT(h_.durable, IsEmpty());
}

TEST_F(JournalTest, MayBeDestroyedByItsOwnCallback) {
  std::unique_ptr<Journal> journal;
  const std::string guard(100, 'g');
  auto opened =
      Journal::Open(h_.disk, h_.loop, h_.worker, h_.options, 0,
                    [](Lsn, RecordType, std::string_view) { return common::Result<void>{}; },
                    {.durable =
                         [&journal, guard](Lsn) {
                           journal.reset();
                           EXPECT_EQ(guard, std::string(100, 'g'));
                         },
                     .failed = [](const common::Error&) { FAIL(); }});
  ASSERT_TRUE(opened);
  journal = std::move(*opened);
  const std::array<std::string_view, 1> parts{"x"};
  journal->Append(RecordType::kEntry, parts);
  journal->Kick();
  h_.worker.RunAll();
  h_.loop.RunAll();
  EXPECT_EQ(journal, nullptr);
}

}  // namespace
}  // namespace quire::bookie
