#include "bookie/quarantine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "bookie/store.h"
#include "common/random.h"
#include "tests/bookie/store_fixture.h"

namespace quire::bookie {
namespace {

using protocol::Code;
using protocol::LedgerId;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr std::int64_t kHour = 3600;

// Ledger 1 alone in segment 1, and so on: dropping a ledger leaves its segment dead.
class QuarantineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    store_.quarantine.keep = std::chrono::hours(24);
    ASSERT_TRUE(store_.Open());
  }
  void Write(std::int64_t ledger) {
    store_.AddRange(ledger, 0, 9);
    ASSERT_TRUE(store_.Flush());
  }
  common::Result<void> Drop(std::int64_t ledger) {
    ++store_.lsn;
    return store_.Flush({.dropped = {LedgerId(ledger)}});
  }
  void EndQuarantine(std::uint64_t bytes = 0) {
    store_.store->EndQuarantine(bytes);
    store_.Settle();
  }
  std::string InQuarantine(SegmentId id, std::int64_t since) {
    return QuarantineName({.since = since, .id = id});
  }

  StoreHarness store_;
};

TEST(QuarantineNameTest, TellsWhatItWasAndWhenItCame) {
  const std::string name = QuarantineName({.since = 0x65, .id = 0x2a});
  EXPECT_EQ(name, "segment-000000000000002a-0000000000000065.quarantined");
  const auto parsed = ParseQuarantineName(name);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->id, 0x2aU);
  EXPECT_EQ(parsed->since, 0x65);
  EXPECT_FALSE(ParseSegmentName(name)) << "no reader takes it for a segment";
  for (const char* other : {"segment-000000000000002a.seg", "ballast", "",
                            "segment-000000000000002a-000000000000006X.quarantined",
                            "segment-000000000000002A-0000000000000065.quarantined",
                            "segment_000000000000002a-0000000000000065.quarantined"}) {
    EXPECT_FALSE(ParseQuarantineName(other)) << other;
  }
}

TEST_F(QuarantineTest, ADeadSegmentIsRenamedAndKeptForItsTime) {
  Write(1);
  Write(2);
  const std::string bytes = store_.disk.Contents(SegmentName(1));
  ASSERT_TRUE(Drop(1));
  const std::string kept = InQuarantine(1, store_.now);
  EXPECT_THAT(store_.Segments(), UnorderedElementsAre(kept, SegmentName(2)));
  EXPECT_EQ(store_.disk.Contents(kept), bytes);
  EXPECT_EQ(store_.ReadOne(1, 0), Code::kNoEntry) << "it is gone for readers";
  EXPECT_EQ(store_.store->stats().quarantine.segments, 1U);
  EXPECT_EQ(store_.store->stats().quarantine.bytes, bytes.size());
  EXPECT_EQ(store_.store->stats().segments, 1U);

  store_.now += 24 * kHour - 1;
  EndQuarantine();
  EXPECT_THAT(store_.Segments(), UnorderedElementsAre(kept, SegmentName(2)));
  store_.now += 1;
  EndQuarantine();
  EXPECT_THAT(store_.Segments(), ElementsAre(SegmentName(2)));
  EXPECT_EQ(store_.store->stats().quarantine.segments, 0U);
}

TEST_F(QuarantineTest, ARestartDoesNotBeginTheTimeAnew) {
  Write(1);
  ASSERT_TRUE(Drop(1));
  store_.now += 20 * kHour;
  ASSERT_TRUE(store_.Reopen());
  EXPECT_EQ(store_.store->stats().quarantine.segments, 1U);
  EXPECT_GT(store_.store->stats().quarantine.bytes, 0U);
  EndQuarantine();
  EXPECT_EQ(store_.Segments().size(), 1U);
  store_.now += 4 * kHour;
  EndQuarantine();
  EXPECT_THAT(store_.Segments(), IsEmpty());
}

TEST_F(QuarantineTest, TheOldestGoFirstWhenRoomIsWanted) {
  for (std::int64_t ledger = 1; ledger <= 3; ++ledger) Write(ledger);
  for (const std::int64_t ledger : {2, 3, 1}) {
    ASSERT_TRUE(Drop(ledger));
    ++store_.now;
  }
  EndQuarantine(1);  // one is enough for that
  EXPECT_THAT(store_.Segments(), UnorderedElementsAre(InQuarantine(3, store_.now - 2),
                                                      InQuarantine(1, store_.now - 1)));
  EndQuarantine(1 << 30);
  EXPECT_THAT(store_.Segments(), IsEmpty());
}

// The bookie asks again every few seconds, while a disk may hold the worker for minutes.
TEST_F(QuarantineTest, RoomThatIsAskedForAgainBeforeItIsMadeIsMadeOnce) {
  for (const std::int64_t ledger : {1, 2, 3}) Write(ledger);
  for (const std::int64_t ledger : {1, 2, 3}) ASSERT_TRUE(Drop(ledger));
  for (int asked = 0; asked < 3; ++asked) store_.store->EndQuarantine(1);
  store_.Settle();
  EXPECT_EQ(store_.store->stats().quarantine.segments, 2U);
  EndQuarantine(1);
  EXPECT_EQ(store_.store->stats().quarantine.segments, 1U);
}

TEST_F(QuarantineTest, AFullDiskTakesItsRoomBeforeAFlushFails) {  // H12
  store_.AddRange(1, 0, 999);
  ASSERT_TRUE(store_.Flush());
  store_.disk.set_capacity(store_.disk.Contents(SegmentName(1)).size() + (16 << 10));
  ASSERT_TRUE(Drop(1));
  EXPECT_EQ(store_.store->stats().quarantine.segments, 1U);
  store_.AddRange(2, 0, 999);
  ASSERT_TRUE(store_.Flush());
  EXPECT_TRUE(store_.HasAll(2, 0, 999));
  EXPECT_EQ(store_.store->stats().quarantine.segments, 0U);
}

TEST_F(QuarantineTest, WhenItHasNothingTheBallastIsAskedFor) {
  int asked = 0;
  store_.make_room = [&] {
    store_.disk.set_capacity(testing::SimDisk::kUnlimited);
    return ++asked == 1;
  };
  ASSERT_TRUE(store_.Reopen());
  store_.disk.set_capacity(8 << 10);
  Write(1);
  EXPECT_EQ(asked, 1);
  EXPECT_TRUE(store_.HasAll(1, 0, 9));
}

// They hold entries of dropped ledgers as well.
TEST_F(QuarantineTest, WhatCompactionLeavesGoesThereToo) {
  store_.AddRange(1, 0, 99);
  store_.AddRange(2, 0, 9);
  ASSERT_TRUE(store_.Flush());
  ASSERT_TRUE(Drop(1));
  EXPECT_EQ(store_.store->stats().quarantine.segments, 0U);
  store_.Compact();
  EXPECT_TRUE(store_.HasAll(2, 0, 9));
  EXPECT_EQ(store_.store->stats().quarantine.segments, 1U);
  EXPECT_FALSE(store_.disk.Contents(InQuarantine(1, store_.now)).empty());
}

TEST_F(QuarantineTest, WithoutATimeNothingIsKept) {
  store_.quarantine.keep = {};
  ASSERT_TRUE(store_.Reopen());
  Write(1);
  ASSERT_TRUE(Drop(1));
  EXPECT_THAT(store_.Segments(), IsEmpty());
}

// The index may have lost what it says of the highest ids, and a segment may come back.
TEST_F(QuarantineTest, AnIdThatIsInQuarantineIsNotGivenOutAgain) {
  const std::string high = InQuarantine(77, store_.now);
  ASSERT_TRUE(store_.disk.Open(high, {.create = true}));
  ASSERT_TRUE(store_.Reopen());
  Write(1);
  EXPECT_THAT(store_.Segments(), UnorderedElementsAre(high, SegmentName(78)));
}

TEST_F(QuarantineTest, ADiskWithoutRoomForANameIsNoFailure) {  // H12
  Write(1);
  store_.disk.FailRenames(common::Errc::kDiskFull);
  ASSERT_TRUE(Drop(1));
  EXPECT_THAT(store_.Segments(), UnorderedElementsAre(SegmentName(1)));
  store_.disk.FailRenames(std::nullopt);
  ASSERT_TRUE(store_.Reopen());
  EXPECT_THAT(store_.Segments(), UnorderedElementsAre(InQuarantine(1, store_.now)));
}

// A crash between any two changes of the disk: the segment is needed, or it is in quarantine, or it
// is on its way there. Nothing live goes with it.
TEST_F(QuarantineTest, ACrashNeverLosesADeadSegment) {
  bool committed_once = false;
  bool kept_attempt = false;
  for (std::uint64_t changes = 0; changes < 12; ++changes) {
    StoreHarness store;
    store.quarantine.keep = std::chrono::hours(24);
    common::Random random(changes);
    ASSERT_TRUE(store.Open());
    for (const std::int64_t ledger : {1, 2}) {
      store.AddRange(ledger, 0, 9);
      ASSERT_TRUE(store.Flush());
    }
    const std::string bytes = store.disk.Contents(SegmentName(1));
    store.disk.PowerOffAfter(changes);
    store.AddRange(3, 0, 9);
    ++store.lsn;
    std::ignore = store.Flush({.dropped = {LedgerId(1)}});
    store.Close();
    store.disk.Crash(random);
    ASSERT_TRUE(store.Open()) << changes;
    const bool dropped = store.store->stored() == store.lsn;
    committed_once = committed_once || dropped;
    EXPECT_TRUE(store.HasAll(2, 0, 9)) << changes;
    const std::string name =
        dropped ? QuarantineName({.since = store.now, .id = 1}) : SegmentName(1);
    EXPECT_EQ(store.disk.Contents(name), bytes) << changes;
    EXPECT_EQ(store.ReadOne(1, 0), dropped ? Code::kNoEntry : Code::kOk) << changes;
    // What the index does not name is not unlinked: an older index does not know what is newest.
    for (const std::string& file : store.Segments()) {
      const bool live = file == SegmentName(2) || file == SegmentName(dropped ? 3 : 1);
      EXPECT_TRUE(live || ParseQuarantineName(file)) << changes << " " << file;
      kept_attempt = kept_attempt || (!live && !dropped);
    }
  }
  EXPECT_TRUE(committed_once && kept_attempt) << "the loop is too short";
}

}  // namespace
}  // namespace quire::bookie
