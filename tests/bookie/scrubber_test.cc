#include "bookie/scrubber.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "tests/bookie/store_fixture.h"

namespace quire::bookie {
namespace {

using protocol::Code;
using protocol::EntryId;
using protocol::LedgerId;

constexpr std::uint64_t kRecordBytes = kRecordHeaderBytes + 136;  // of an entry of 100 bytes

std::uint64_t OffsetOf(std::uint64_t record) {
  return kSegmentHeaderBytes + record * kRecordBytes;
}

class ScrubberTest : public ::testing::Test {
 protected:
  void SetUp() override {
    store_.scrub.report = [this](const std::string& line) { lines_.push_back(line); };
    store_.scrub.alarm = [this](const std::string& line) { alarms_.push_back(line); };
    ASSERT_TRUE(store_.Open());
  }

  // One segment: 40 entries of ledger 1, then 20 of ledger 2.
  void Fill() {
    store_.AddRange(1, 0, 39);
    store_.AddRange(2, 0, 19);
    ASSERT_TRUE(store_.Flush());
  }
  void Drop(std::int64_t ledger) {
    ++store_.lsn;
    ASSERT_TRUE(store_.Flush({.dropped = {LedgerId(ledger)}}));
  }
  Scrubber& scrubber() { return *store_.store->scrubber(); }
  ScrubStats stats() { return scrubber().stats(); }
  void GoOn() {
    while (stats().running) {
      store_.loop.FireTimers();
      store_.Settle();
    }
  }
  void Scrub() {
    scrubber().Trigger();
    store_.loop.FireTimers();
    store_.Settle();
    GoOn();
  }
  static bool Has(const std::vector<std::string>& lines, const std::string& what) {
    return std::ranges::any_of(lines, [&](const auto& line) { return line.contains(what); });
  }

  StoreHarness store_;
  std::vector<std::string> lines_;
  std::vector<std::string> alarms_;
};

TEST_F(ScrubberTest, ReadsEverythingAndFindsNothing) {
  Fill();
  store_.AddRange(1, 40, 79);
  ASSERT_TRUE(store_.Flush());
  Scrub();
  EXPECT_EQ(stats().passes, 1U);
  EXPECT_EQ(stats().corrupt, 0U);
  EXPECT_EQ(stats().unused, 0U);
  EXPECT_GE(stats().bytes, store_.store->stats().segment_bytes);
  EXPECT_TRUE(stats().since_pass);
  EXPECT_TRUE(Has(lines_, "all entries are readable"));
  EXPECT_TRUE(alarms_.empty());
}

TEST_F(ScrubberTest, H04DamageIsToldWithTheEntriesItConcerns) {
  Fill();
  store_.disk.Flip(SegmentName(1), OffsetOf(10) + 60);
  store_.disk.Flip(SegmentName(1), OffsetOf(12) + 60);
  store_.disk.Flip(SegmentName(1), OffsetOf(45) + 3);  // its length: where the next one begins
  Scrub();
  EXPECT_EQ(stats().corrupt, 2U);
  EXPECT_TRUE(Has(alarms_, SegmentName(1)));
  EXPECT_TRUE(Has(alarms_, "ledger 1, entries 10 to 12"));
  EXPECT_TRUE(Has(alarms_, "ledger 2, entries 5 to 5"));
  EXPECT_EQ(store_.ReadOne(1, 10), Code::kCorrupt);
  EXPECT_TRUE(store_.HasAll(1, 0, 9));
  Scrub();
  EXPECT_EQ(stats().corrupt, 4U) << "found again";
  store_.Add(1, 10);
  store_.Add(1, 12);
  store_.Add(2, 5);
  ASSERT_TRUE(store_.Flush());
  Scrub();
  EXPECT_EQ(stats().corrupt, 4U) << "recovery replaced them: what is damaged is garbage";
}

TEST_F(ScrubberTest, DamageInWhatWasDeletedIsHarmless) {
  Fill();
  Drop(1);
  store_.disk.Flip(SegmentName(1), OffsetOf(10) + 60);
  Scrub();
  EXPECT_EQ(stats().corrupt, 0U);
  EXPECT_EQ(stats().unused, 1U);
  EXPECT_TRUE(Has(lines_, "no entry is lost"));
  EXPECT_TRUE(alarms_.empty());
}

TEST_F(ScrubberTest, HeaderAndFooterAreLookedAt) {
  Fill();
  store_.disk.Flip(SegmentName(1), 12);
  Scrub();
  EXPECT_EQ(stats().corrupt, 1U);
  EXPECT_TRUE(Has(alarms_, "damaged header"));
  store_.disk.Flip(SegmentName(1), 12);
  const std::uint64_t footer = SegmentFileBytes(60 * kRecordBytes) - kSegmentFooterBytes;
  store_.disk.Flip(SegmentName(1), footer + 9);
  Scrub();
  EXPECT_EQ(stats().corrupt, 1U);
  EXPECT_EQ(stats().unused, 1U);
}

// A block of the same segment at the wrong place: every record there verifies.
TEST_F(ScrubberTest, RecordsThatAreNotWhereTheIndexSaysAreFound) {
  store_.AddRange(1, 0, 0, 4096 - 44);  // records of a block each
  store_.AddRange(1, 1, 9, 4096 - 44);
  ASSERT_TRUE(store_.Flush());
  const std::string bytes = store_.disk.Contents(SegmentName(1));
  {
    const auto file = store_.disk.Open(SegmentName(1), {}).value();
    ASSERT_TRUE(file->Write(3 * 4096, std::string_view(bytes).substr(5 * 4096, 4096)));
    ASSERT_TRUE(file->Sync());
  }
  Scrub();
  EXPECT_EQ(stats().corrupt, 1U);
  EXPECT_TRUE(Has(alarms_, "entries 2 to 2"));
}

TEST_F(ScrubberTest, AFileThatBecameShorterIsDamaged) {
  Fill();
  store_.Close();
  const std::string bytes = store_.disk.Contents(SegmentName(1));
  ASSERT_TRUE(store_.disk.Remove(SegmentName(1)));
  {
    const auto file = store_.disk.Open(SegmentName(1), {.create = true}).value();
    ASSERT_TRUE(file->Write(0, std::string_view(bytes).substr(0, 8192)));
  }
  ASSERT_TRUE(store_.Open());
  Scrub();
  EXPECT_GE(stats().corrupt, 1U);
  EXPECT_TRUE(Has(alarms_, "ledger 2, entries 0 to 19"));
}

TEST_F(ScrubberTest, AValueOfTheIndexThatRotsIsFound) {
  Fill();
  store_.Close();
  {
    const auto db = IndexDb::Open(store_.index.path() + "/index", nullptr).value();
    const auto batch = db->NewBatch();
    batch->Put(ExtentKey(LedgerId(2), EntryId(0)), "rotten");
    ASSERT_TRUE(db->Write(*batch));
  }
  ASSERT_TRUE(store_.Open());
  Scrub();
  EXPECT_EQ(stats().corrupt, 1U);
  EXPECT_TRUE(Has(alarms_, "index has a value that fails its check, ledger 2, entries 0 to 0"));
}

TEST_F(ScrubberTest, KeepsToItsRateInSmallSteps) {
  store_.scrub.step_bytes = 4096;
  store_.scrub.step_keys = 1;
  store_.scrub.bytes_per_second = 1000;
  ASSERT_TRUE(store_.Reopen());
  Fill();
  store_.disk.Flip(SegmentName(1), OffsetOf(59) + 60);
  Scrub();
  EXPECT_EQ(stats().corrupt, 1U);
  EXPECT_GE(stats().bytes, store_.store->stats().segment_bytes);
  // The first pass of the next opening and the one after this one wait as well.
  EXPECT_GE(store_.loop.waited(), std::chrono::milliseconds(stats().bytes));
}

TEST_F(ScrubberTest, StandsStillWhilePaused) {
  Fill();
  scrubber().SetPaused(true);
  scrubber().Trigger();
  store_.loop.FireTimers();
  store_.Settle();
  EXPECT_FALSE(stats().running);
  scrubber().SetPaused(false);
  scrubber().Trigger();
  store_.loop.FireTimers();
  store_.Settle();
  ASSERT_TRUE(stats().running);
  scrubber().SetPaused(true);
  for (int i = 0; i < 10; ++i) {
    store_.loop.FireTimers();
    store_.Settle();
  }
  EXPECT_TRUE(stats().running);
  EXPECT_TRUE(stats().paused);
  scrubber().SetPaused(false);
  GoOn();
  EXPECT_EQ(stats().passes, 1U);
}

// H10: a compaction takes a segment away under it.
TEST_F(ScrubberTest, ASegmentThatGoesIsNoDamage) {
  store_.scrub.step_bytes = 4096;
  ASSERT_TRUE(store_.Reopen());
  Fill();
  scrubber().Trigger();
  for (int i = 0; i < 4; ++i) {  // index, open, records
    store_.loop.FireTimers();
    store_.Settle();
  }
  ASSERT_TRUE(stats().running);
  Drop(1);
  Drop(2);
  ASSERT_TRUE(store_.Segments().empty());
  GoOn();
  EXPECT_EQ(stats().corrupt, 0U);
  EXPECT_EQ(stats().passes, 1U);
}

TEST_F(ScrubberTest, ManyFindingsAreCountedAndFewAreTold) {
  for (std::int64_t ledger = 0; ledger < 50; ++ledger) store_.AddRange(ledger, 0, 0);
  ASSERT_TRUE(store_.Flush());
  for (std::uint64_t record = 0; record < 50; ++record) {
    store_.disk.Flip(SegmentName(1), OffsetOf(record) + 60);
  }
  Scrub();
  EXPECT_EQ(stats().corrupt, 50U);
  EXPECT_EQ(alarms_.size(), 21U);
  EXPECT_TRUE(Has(alarms_, "50 places with damage"));
}

TEST_F(ScrubberTest, BeginsByItselfAndNotWithoutARate) {
  Fill();
  scrubber().Start();
  EXPECT_EQ(store_.loop.waited(), store_.scrub.first_wait);
  store_.loop.FireTimers();
  store_.Settle();
  GoOn();
  EXPECT_EQ(stats().passes, 1U);
  store_.loop.FireTimers();  // an interval later
  store_.Settle();
  GoOn();
  EXPECT_EQ(stats().passes, 2U);
  store_.scrub.bytes_per_second = 0;
  ASSERT_TRUE(store_.Reopen());
  scrubber().Start();
  scrubber().Trigger();
  store_.loop.FireTimers();
  store_.Settle();
  EXPECT_FALSE(stats().running);
  EXPECT_EQ(stats().passes, 0U);
}

// Flushes, deletions and compactions beside a pass: nothing of that is damage.
TEST_F(ScrubberTest, FindsNothingWhileTheStoreChanges) {
  store_.scrub.step_bytes = 4096;
  store_.scrub.step_keys = 3;
  ASSERT_TRUE(store_.Reopen());
  for (std::int64_t round = 0; round < 30; ++round) {
    store_.AddRange(100, 10 * round, 10 * round + 9);
    store_.AddRange(200 + round, 0, 19);
    if (round % 3 == 0) store_.AddRange(300, 5 * round, 5 * round);
    ASSERT_TRUE(store_.Flush());
    if (round >= 2) Drop(200 + round - 2);
    if (round % 4 == 1) store_.store->compactor()->Trigger();
    scrubber().Trigger();
    store_.loop.FireTimers();
    store_.Settle();
  }
  GoOn();
  Scrub();
  EXPECT_GE(stats().passes, 1U);
  EXPECT_EQ(stats().corrupt, 0U) << ::testing::PrintToString(alarms_);
  EXPECT_EQ(stats().unused, 0U) << ::testing::PrintToString(lines_);
}

}  // namespace
}  // namespace quire::bookie
