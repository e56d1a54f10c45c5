#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/random.h"
#include "tests/bookie/journal_harness.h"

namespace quire::bookie {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::SimDisk;
using ::testing::SizeIs;

// H12 for the journal: a disk without room for its next file stops it, until there is room.
class JournalFullTest : public ::testing::Test {
 protected:
  // The current file, of 16 blocks, is full, and there is none after it.
  void FillUp() {
    h_.disk.set_capacity(100'000);  // one file of 64 KiB and a half
    ASSERT_TRUE(h_.Open());
    for (int i = 0; i < 16; ++i) h_.Commit("x");
    ASSERT_THAT(h_.durable, SizeIs(16));
    ASSERT_THAT(h_.full, IsEmpty()) << "while the current file has room";
    ASSERT_THAT(h_.Files(), SizeIs(1)) << "the half-written one was given back";
  }
  void Retry() {
    h_.loop.Advance(h_.options.full_retry);
    h_.loop.RunAll();
    h_.worker.RunAll();
    h_.loop.RunAll();
  }

  JournalHarness h_;
};

TEST_F(JournalFullTest, WhatWasAppendedWaitsForRoomAndThenBecomesDurable) {
  FillUp();
  h_.Commit("a");
  h_.Commit("b");
  EXPECT_THAT(h_.failures, IsEmpty());
  EXPECT_THAT(h_.full, ElementsAre(true)) << "told once";
  EXPECT_THAT(h_.durable, SizeIs(16));
  EXPECT_GT(h_.journal->queued_bytes(), 0U);
  Retry();
  EXPECT_THAT(h_.durable, SizeIs(16));
  h_.disk.set_capacity(SimDisk::kUnlimited);
  EXPECT_THAT(h_.durable, SizeIs(16));
  Retry();
  EXPECT_EQ(h_.journal->durable(), 18U);
  EXPECT_THAT(h_.full, ElementsAre(true, false));
  EXPECT_EQ(h_.journal->queued_bytes(), 0U);
  h_.Commit("c");
  ASSERT_TRUE(h_.Open());
  ASSERT_THAT(h_.replayed, SizeIs(19));
  EXPECT_EQ(h_.replayed[16].payload, "a");
  EXPECT_EQ(h_.replayed[17].payload, "b");
}

TEST_F(JournalFullTest, AKickOnAFullDiskTriesNothing) {
  FillUp();
  h_.Commit("a");
  const std::uint64_t changes = h_.disk.changes();
  for (int i = 0; i < 10; ++i) h_.Commit("b");
  EXPECT_EQ(h_.disk.changes(), changes) << "that is left to the timer";
}

TEST_F(JournalFullTest, ATrimmedFileHelpsAtOnce) {
  h_.disk.set_capacity(140'000);  // two files
  ASSERT_TRUE(h_.Open());
  for (int i = 0; i < 33; ++i) h_.Commit("x");
  EXPECT_THAT(h_.full, ElementsAre(true));
  h_.journal->Trim(16);
  h_.worker.RunAll();
  h_.loop.RunAll();
  EXPECT_THAT(h_.full, ElementsAre(true, false));
  EXPECT_EQ(h_.journal->durable(), 33U);
}

TEST_F(JournalFullTest, ATrimmedFileHelpsBeforeTheNextOneIsNeeded) {
  h_.disk.set_capacity(140'000);
  ASSERT_TRUE(h_.Open());
  for (int i = 0; i < 20; ++i) h_.Commit("x");
  h_.journal->Trim(16);
  for (int i = 0; i < 20; ++i) h_.Commit("x");
  EXPECT_THAT(h_.full, IsEmpty());
  EXPECT_EQ(h_.journal->durable(), 40U);
}

TEST_F(JournalFullTest, TheBallastIsGivenUpForIt) {
  int asked = 0;
  h_.options.make_room = [this, &asked] {
    h_.disk.set_capacity(200'000);
    return ++asked == 1;
  };
  FillUp();
  h_.Commit("a");
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(h_.journal->durable(), 17U);
  EXPECT_THAT(h_.full, IsEmpty());
  for (int i = 0; i < 40; ++i) h_.Commit("x");
  EXPECT_EQ(asked, 2) << "not for a file that is prepared ahead";
  EXPECT_THAT(h_.full, ElementsAre(true));
  EXPECT_THAT(h_.failures, IsEmpty());
}

TEST_F(JournalFullTest, ABatchLargerThanAFileFindsTheDiskFullBeforeItIsWritten) {
  FillUp();
  h_.disk.set_capacity(140'000);
  h_.Commit(std::string(90'000, 'L'));
  EXPECT_THAT(h_.failures, IsEmpty());
  EXPECT_THAT(h_.full, ElementsAre(true));
  h_.disk.set_capacity(SimDisk::kUnlimited);
  Retry();
  EXPECT_EQ(h_.journal->durable(), 17U);
  ASSERT_TRUE(h_.Open());
  ASSERT_THAT(h_.replayed, SizeIs(17));
  EXPECT_EQ(h_.replayed.back().payload.size(), 90'000U);
}

TEST_F(JournalFullTest, ACrashMeanwhileLosesNothingThatWasDurable) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    JournalHarness h;
    common::Random random(seed);
    h.disk.set_capacity(100'000);
    ASSERT_TRUE(h.Open());
    for (int i = 0; i < 18; ++i) h.Commit("x");
    ASSERT_THAT(h.full, ElementsAre(true));
    h.Stop();
    h.disk.Crash(random);
    ASSERT_TRUE(h.Open()) << "on the full disk";
    EXPECT_THAT(h.replayed, SizeIs(16)) << seed;
  }
}

TEST_F(JournalFullTest, OpensOnAFullDiskToServeReads) {
  ASSERT_TRUE(h_.Open());
  h_.Commit("a");
  h_.Stop();
  ASSERT_TRUE(h_.disk.Remove(h_.Files().back()));  // the prepared one
  h_.disk.set_capacity(0);
  ASSERT_TRUE(h_.Open());
  EXPECT_THAT(h_.replayed, SizeIs(1));
  h_.Commit("b");
  EXPECT_THAT(h_.failures, IsEmpty());
  EXPECT_THAT(h_.full, ElementsAre(true));
  h_.disk.set_capacity(SimDisk::kUnlimited);
  Retry();
  EXPECT_EQ(h_.journal->durable(), 2U);
}

// Files became larger, so that each spare has to grow, and none can.
TEST_F(JournalFullTest, TheLastFileStaysThoughItCannotGrow) {  // H12
  ASSERT_TRUE(h_.Open());
  h_.Commit("a");
  h_.Stop();
  h_.options.file_bytes = 256 << 10;
  h_.disk.set_capacity(128 << 10);
  ASSERT_TRUE(h_.Open(1)) << "all is stored: its files are spares";
  h_.Commit("b");
  EXPECT_THAT(h_.full, ElementsAre(true));
  EXPECT_THAT(h_.failures, IsEmpty());
  EXPECT_THAT(h_.Files(), SizeIs(1));
  ASSERT_TRUE(h_.Open(1)) << "no file is missing";
  h_.Commit("c");
  EXPECT_THAT(h_.full, ElementsAre(true));
  h_.disk.set_capacity(SimDisk::kUnlimited);
  Retry();
  EXPECT_EQ(h_.journal->durable(), 2U);
}

TEST_F(JournalFullTest, AFailureIsNoFullDisk) {  // G09
  FillUp();
  h_.Commit("a");
  h_.disk.set_capacity(SimDisk::kUnlimited);
  h_.disk.FailWrite(1);
  Retry();
  EXPECT_THAT(h_.failures, SizeIs(1));
  EXPECT_EQ(h_.journal->durable(), 16U);
}

TEST_F(JournalFullTest, TheJournalMayGoWhileItWaits) {
  FillUp();
  h_.Commit("a");
  h_.journal.reset();
  h_.loop.Advance(2 * h_.options.full_retry);
  h_.loop.RunAll();
  h_.worker.RunAll();
  h_.loop.RunAll();
  EXPECT_THAT(h_.full, ElementsAre(true));
}

}  // namespace
}  // namespace quire::bookie
