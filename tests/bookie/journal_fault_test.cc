#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/random.h"
#include "tests/bookie/journal_harness.h"

namespace quire::bookie {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class JournalFaultTest : public ::testing::Test {
 protected:
  JournalHarness h_;
};

// G09, G16: no word about that batch, one about the failure, and no growth afterwards.
TEST_F(JournalFaultTest, AFailedWriteIsToldOnceAndNothingMoreBecomesDurable) {
  ASSERT_TRUE(h_.Open());
  h_.Commit("a");
  h_.disk.FailWrite(1);
  h_.Append("b");
  h_.journal->Kick();
  h_.Append("c");
  h_.worker.RunAll();
  h_.Append("d");
  h_.journal->Kick();
  h_.worker.RunAll();
  h_.loop.RunAll();
  EXPECT_EQ(h_.Append("e"), 5U);
  h_.Settle();
  h_.journal->Trim(5);
  h_.Settle();
  EXPECT_THAT(h_.durable, ElementsAre(1));
  ASSERT_THAT(h_.failures, SizeIs(1));
  EXPECT_EQ(h_.failures[0].code(), common::Errc::kIo);
  EXPECT_EQ(h_.journal->queued_bytes(), 0U);
  EXPECT_EQ(h_.journal->durable(), 1U);
  EXPECT_EQ(h_.journal->last(), 5U);
}

// G10: the write that fails is one of preparing the next file, or the directory sync of a roll.
TEST_F(JournalFaultTest, AFailureWhilePreparingAFileStopsTheJournal) {
  ASSERT_TRUE(h_.Open());
  h_.Append("a");
  h_.disk.FailWrite(2);
  h_.Settle();
  EXPECT_THAT(h_.durable, ElementsAre(1));
  EXPECT_THAT(h_.failures, SizeIs(1));
}

TEST_F(JournalFaultTest, AFailedDirectorySyncStopsTheJournal) {
  ASSERT_TRUE(h_.Open());
  h_.Append("a");
  h_.disk.FailSync(1);
  h_.Settle();
  EXPECT_THAT(h_.durable, ElementsAre(1));
  ASSERT_THAT(h_.failures, SizeIs(1));
  EXPECT_THAT(h_.failures[0].context(), HasSubstr("sync"));
}

TEST_F(JournalFaultTest, AReplacedJournalHearsNothingOfAnOldFailure) {
  ASSERT_TRUE(h_.Open());
  h_.disk.FailWrite(1);
  h_.Append("a");
  h_.journal->Kick();
  h_.worker.RunAll();
  h_.journal.reset();
  h_.loop.RunAll();
  EXPECT_THAT(h_.failures, IsEmpty());
}

// The batch whose write failed can be read when the process comes back, and is then replayed, hence
// taken for durable. The power cut after that must not take it away from under the records that
// follow: a sync at Open would not help after the one that failed.
TEST_F(JournalFaultTest, WhatWasReplayedSurvivesAPowerCutEvenAfterAFailedSync) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    JournalHarness h;
    common::Random random(seed);
    ASSERT_TRUE(h.Open());
    h.Commit("a");
    h.disk.FailWrite(1);
    h.Commit("b");
    ASSERT_THAT(h.failures, SizeIs(1));
    h.Stop();
    h.disk.Kill();
    ASSERT_TRUE(h.Open());
    ASSERT_THAT(h.replayed, SizeIs(2));
    h.Commit("c");
    EXPECT_EQ(h.journal->durable(), 3U);
    h.Stop();
    h.disk.Crash(random);
    ASSERT_TRUE(h.Open()) << seed;
    EXPECT_THAT(h.replayed, SizeIs(3));
  }
}

TEST_F(JournalFaultTest, AReadErrorAtOpenIsNotTakenForDamage) {
  ASSERT_TRUE(h_.Open());
  h_.Commit("a");
  h_.Stop();
  h_.disk.PowerOffAfter(0);
  EXPECT_FALSE(h_.disk.SyncDirectory());
  const auto opened = h_.Open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), common::Errc::kIo);
}

}  // namespace
}  // namespace quire::bookie
