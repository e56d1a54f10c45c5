#include <gtest/gtest.h>

#include "bookie/segment_format.h"
#include "bookie/store.h"
#include "tests/bookie/store_fixture.h"

namespace quire::bookie {
namespace {

using common::Errc;
using protocol::Code;
using protocol::EntryId;
using protocol::LedgerId;

class StoreSpaceTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(store_.Open()); }
  StoreHarness store_;
};

TEST_F(StoreSpaceTest, ADeletedLedgerGivesItsSpaceBack) {
  store_.AddRange(1, 0, 9);
  store_.AddRange(2, 0, 9);
  ASSERT_TRUE(store_.Flush());
  store_.AddRange(1, 10, 19);
  ASSERT_TRUE(store_.Flush());
  EXPECT_EQ(store_.Segments().size(), 2U);

  const LedgerState tombstone{.key = {}, .deleted = true};
  ASSERT_TRUE(
      store_.Flush({.lsn = 31, .states = {{LedgerId(1), tombstone}}, .dropped = {LedgerId(1)}}));
  EXPECT_EQ(store_.Segments(), std::vector<std::string>{SegmentName(1)});
  EXPECT_EQ(store_.ReadOne(1, 0), Code::kNoEntry);
  EXPECT_EQ(store_.ReadOne(1, 15), Code::kNoEntry);
  EXPECT_TRUE(store_.List(1).empty());
  EXPECT_TRUE(store_.HasAll(2, 0, 9));
  EXPECT_EQ(store_.store->stats().segments, 1U);
  EXPECT_EQ(store_.store->stats().live_bytes, 10U * (kRecordHeaderBytes + 136));

  ASSERT_TRUE(store_.Reopen());
  EXPECT_EQ(store_.store->TakeLedgers().at(LedgerId(1)), tombstone);
  ASSERT_TRUE(store_.Flush({.lsn = 32, .dropped = {LedgerId(2)}}));
  EXPECT_TRUE(store_.Segments().empty());
  EXPECT_EQ(store_.store->stats().segment_bytes, 0U);
}

// Some file systems need room to remove a file. The commit was durable by then, and what it names
// must not be taken for a failed attempt.
TEST_F(StoreSpaceTest, ASegmentThatCannotBeRemovedForLackOfRoomTakesNothingWithIt) {
  store_.AddRange(1, 0, 9);
  ASSERT_TRUE(store_.Flush());
  store_.AddRange(2, 0, 9);
  store_.disk.FailRemoves(Errc::kDiskFull);
  const auto flushed = store_.Flush({.lsn = 21, .dropped = {LedgerId(1)}});
  EXPECT_EQ(flushed.error().code(), Errc::kIo);
  store_.disk.FailRemoves({});
  ASSERT_TRUE(store_.Reopen());
  EXPECT_EQ(store_.store->stored(), 21U);
  EXPECT_TRUE(store_.HasAll(2, 0, 9));
  EXPECT_EQ(store_.Segments(), std::vector<std::string>{SegmentName(2)});
}

// H03
TEST_F(StoreSpaceTest, ADeletedLedgersCachedEntriesAreNotWritten) {
  store_.AddRange(1, 0, 9);
  store_.AddRange(2, 0, 9);
  ASSERT_TRUE(store_.Flush({.lsn = 21, .dropped = {LedgerId(1)}}));
  EXPECT_FALSE(store_.store->FindCached(LedgerId(1), EntryId(0)));
  EXPECT_EQ(store_.ReadOne(1, 0), Code::kNoEntry);
  EXPECT_TRUE(store_.HasAll(2, 0, 9));
  EXPECT_EQ(store_.store->stats().live_bytes, 10U * (kRecordHeaderBytes + 136));
  // Nothing but deleted entries: no segment at all.
  store_.AddRange(3, 0, 9);
  ASSERT_TRUE(store_.Flush({.lsn = 40, .dropped = {LedgerId(3)}}));
  EXPECT_EQ(store_.Segments().size(), 1U);
}

// Section 5, T4: what could not be written is neither lost nor overtaken.
TEST_F(StoreSpaceTest, AFlushThatFindsTheDiskFullIsRepeatedWithTheSameHalf) {
  store_.AddRange(1, 0, 9);
  store_.disk.set_capacity(8 << 10);
  const auto full = store_.Flush({.states = {{LedgerId(1), {.key = {}, .last_entry = EntryId(9)}},
                                             {LedgerId(5), {.key = {}, .fenced = true}}}});
  EXPECT_EQ(full.error().code(), Errc::kDiskFull);
  EXPECT_FALSE(store_.store->flushing());
  EXPECT_EQ(store_.store->stored(), 0U);
  EXPECT_TRUE(store_.HasAll(1, 0, 9));
  EXPECT_TRUE(store_.Segments().empty());

  store_.AddRange(1, 10, 19);
  EXPECT_EQ(store_.Flush().error().code(), Errc::kDiskFull);
  EXPECT_TRUE(store_.HasAll(1, 0, 19));

  store_.disk.set_capacity(testing::SimDisk::kUnlimited);
  ASSERT_TRUE(store_.Flush({.states = {{LedgerId(1), {.key = {}, .last_entry = EntryId(19)}}}}));
  EXPECT_EQ(store_.store->stored(), 10U);  // of the half, not of the last commit
  EXPECT_FALSE(store_.store->FindCached(LedgerId(1), EntryId(9)));
  EXPECT_TRUE(store_.store->FindCached(LedgerId(1), EntryId(10)));
  EXPECT_TRUE(store_.HasAll(1, 0, 19));
  ASSERT_TRUE(store_.Flush());
  EXPECT_EQ(store_.store->stored(), 20U);

  ASSERT_TRUE(store_.Reopen());
  EXPECT_TRUE(store_.HasAll(1, 0, 19));
  const auto states = store_.store->TakeLedgers();
  EXPECT_EQ(states.at(LedgerId(1)).last_entry, EntryId(19));
  EXPECT_TRUE(states.at(LedgerId(5)).fenced);  // of the first attempt
}

TEST_F(StoreSpaceTest, ARetryMayBringDeletionsOfBothHalves) {
  store_.AddRange(1, 0, 9);
  store_.AddRange(2, 0, 9);
  store_.disk.set_capacity(8 << 10);
  EXPECT_FALSE(store_.Flush());
  store_.AddRange(1, 10, 19);
  store_.disk.set_capacity(testing::SimDisk::kUnlimited);
  ASSERT_TRUE(store_.Flush({.lsn = 31, .dropped = {LedgerId(1)}}));
  EXPECT_EQ(store_.ReadOne(1, 0), Code::kNoEntry);
  EXPECT_EQ(store_.ReadOne(1, 10), Code::kNoEntry);
  EXPECT_TRUE(store_.HasAll(2, 0, 9));
  ASSERT_TRUE(store_.Flush({.lsn = 32}));
  EXPECT_EQ(store_.ReadOne(1, 10), Code::kNoEntry);
}

TEST_F(StoreSpaceTest, DeletionsMakeRoomOnAFullDisk) {
  store_.AddRange(1, 0, 999);
  ASSERT_TRUE(store_.Flush());
  const std::uint64_t used = store_.disk.Contents(SegmentName(1)).size();
  store_.disk.set_capacity(used + (16 << 10));
  store_.AddRange(2, 0, 999);
  EXPECT_EQ(store_.Flush().error().code(), Errc::kDiskFull);
  // A deletion waits for the journal too, even if it is what makes room.
  store_.StartFlush({.lsn = 2001, .dropped = {LedgerId(1)}});
  store_.Settle();
  EXPECT_TRUE(store_.store->flushing());
  EXPECT_EQ(store_.Segments().size(), 1U);
  store_.store->JournalDurable(2001);
  store_.Settle();
  EXPECT_FALSE(store_.store->flushing());
  ASSERT_TRUE(store_.outcomes.back());
  EXPECT_EQ(store_.store->stored(), 2000U);
  EXPECT_TRUE(store_.HasAll(2, 0, 999));
  EXPECT_EQ(store_.ReadOne(1, 0), Code::kNoEntry);
  EXPECT_EQ(store_.Segments().size(), 1U);
  EXPECT_EQ(store_.store->stats().segments, 1U);
}

TEST_F(StoreSpaceTest, StaysFullWhenTheDeletionsAreNotEnough) {
  store_.AddRange(1, 0, 9);
  ASSERT_TRUE(store_.Flush());
  store_.disk.set_capacity(20 << 10);
  store_.AddRange(2, 0, 999);
  EXPECT_EQ(store_.Flush({.lsn = 1011, .dropped = {LedgerId(1)}}).error().code(), Errc::kDiskFull);
  EXPECT_EQ(store_.store->stored(), 10U);
  EXPECT_TRUE(store_.Segments().empty());
  EXPECT_TRUE(store_.HasAll(2, 0, 999));
  ASSERT_TRUE(store_.Reopen());  // and replays from the journal
  EXPECT_EQ(store_.store->stored(), 10U);
  EXPECT_EQ(store_.ReadOne(1, 0), Code::kNoEntry);
}

// G11
TEST_F(StoreSpaceTest, AFailedWriteOrSyncIsFinal) {
  for (const bool sync : {false, true}) {
    ASSERT_TRUE(store_.Reopen());
    const Lsn stored = store_.store->stored();
    store_.AddRange(1, 0, 9);
    sync ? store_.disk.FailSync(1) : store_.disk.FailWrite(1);
    EXPECT_EQ(store_.Flush().error().code(), Errc::kIo);
    EXPECT_EQ(store_.Flush().error().code(), Errc::kIo);
    EXPECT_EQ(store_.store->stored(), stored);
    EXPECT_TRUE(store_.HasAll(1, 0, 9));
    ASSERT_TRUE(store_.Reopen());
    EXPECT_TRUE(store_.Segments().empty());
    EXPECT_EQ(store_.store->stored(), stored);
  }
}

}  // namespace
}  // namespace quire::bookie
