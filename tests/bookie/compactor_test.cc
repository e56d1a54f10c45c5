#include "bookie/compactor.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/bookie/store_fixture.h"

namespace quire::bookie {
namespace {

using protocol::Code;
using protocol::LedgerId;

constexpr std::uint64_t kRecordBytes = kRecordHeaderBytes + 136;  // of an entry of 100 bytes

class CompactorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    store_.compaction.report = [this](const std::string& line) { lines_.push_back(line); };
    ASSERT_TRUE(store_.Open());
  }

  // Two segments in which only ledger 2 lives on: entries 0 to 39, a third of the bytes.
  void MakeGarbage() {
    store_.AddRange(1, 0, 39);
    store_.AddRange(2, 0, 19);
    ASSERT_TRUE(store_.Flush());
    store_.AddRange(1, 40, 79);
    store_.AddRange(2, 20, 39);
    ASSERT_TRUE(store_.Flush());
    Drop(1);
    ASSERT_EQ(store_.Segments().size(), 2U);
  }
  void Drop(std::int64_t ledger) {
    ++store_.lsn;
    ASSERT_TRUE(store_.Flush({.dropped = {LedgerId(ledger)}}));
  }
  // Until the copy is written and only the commit is missing.
  void StopBeforeTheCommit() {
    store_.store->compactor()->Trigger();
    while (store_.store->compactor()->stats().round_copied == 0) {
      store_.loop.FireTimers();
      store_.Settle();
    }
  }
  void GoOn() {
    while (store_.store->compactor()->stats().running) {
      store_.loop.FireTimers();
      store_.Settle();
    }
  }
  CompactionStats stats() const { return store_.store->compactor()->stats(); }
  bool Reported(const std::string& what) const {
    return std::ranges::any_of(lines_, [&](const auto& line) { return line.contains(what); });
  }

  StoreHarness store_;
  std::vector<std::string> lines_;
};

// H08
TEST_F(CompactorTest, CopiesWhatIsLiveAndGivesTheRestBack) {
  MakeGarbage();
  const std::uint64_t before = store_.store->stats().segment_bytes;
  store_.Compact();
  EXPECT_EQ(store_.Segments(), std::vector<std::string>{SegmentName(3)});
  EXPECT_TRUE(store_.HasAll(2, 0, 39));
  EXPECT_EQ(store_.store->stats().live_bytes, 40 * kRecordBytes);
  EXPECT_EQ(stats().copied_bytes, 40 * kRecordBytes);
  EXPECT_EQ(stats().removed_bytes, before);
  EXPECT_EQ(stats().rounds, 1U);
  EXPECT_TRUE(Reported("out of 2 segments"));
  ASSERT_TRUE(store_.Reopen());
  EXPECT_TRUE(store_.HasAll(2, 0, 39));
  EXPECT_EQ(store_.ReadOne(1, 0), Code::kNoEntry);
  // Ids of segments go on.
  store_.AddRange(3, 0, 9);
  ASSERT_TRUE(store_.Flush());
  EXPECT_EQ(store_.Segments(), (std::vector<std::string>{SegmentName(3), SegmentName(4)}));
}

TEST_F(CompactorTest, LeavesSegmentsAloneThatAreMostlyLive) {
  store_.AddRange(1, 0, 9);
  store_.AddRange(2, 0, 39);
  ASSERT_TRUE(store_.Flush());
  Drop(1);
  store_.Compact();
  EXPECT_EQ(stats().rounds, 0U);
  EXPECT_EQ(store_.Segments().size(), 1U);
}

TEST_F(CompactorTest, WaitsAsLongAsItsRateSays) {
  store_.compaction.step_bytes = 512;
  store_.compaction.bytes_per_second = 1000;
  ASSERT_TRUE(store_.Reopen());
  MakeGarbage();
  store_.Compact();
  EXPECT_TRUE(store_.HasAll(2, 0, 39));
  EXPECT_GE(store_.loop.waited(), std::chrono::milliseconds(40 * kRecordBytes - 1));
}

// The journal is much slower beside every step than without one.
TEST_F(CompactorTest, GoesSlowerWhileTheJournalFeelsIt) {
  store_.compaction.step_bytes = 512;
  store_.compaction.bytes_per_second = 1000;
  ASSERT_TRUE(store_.Reopen());
  MakeGarbage();
  Compactor& compactor = *store_.store->compactor();
  compactor.JournalWrote(std::chrono::milliseconds(1));
  std::uint64_t most = 0;
  compactor.Trigger();
  do {
    most = std::max(most, stats().slowdown);
    store_.loop.FireTimers();
    while (store_.loop.Step() || store_.flush_worker->Step()) {
    }
    const int batches = store_.compaction_worker->Step() ? 5 : 0;
    for (int i = 0; i < batches; ++i) compactor.JournalWrote(std::chrono::milliseconds(50));
    store_.Settle();
  } while (stats().running);
  EXPECT_GT(most, 8U);
  EXPECT_GT(store_.loop.waited(), 4 * std::chrono::milliseconds(40 * kRecordBytes));
  EXPECT_TRUE(store_.HasAll(2, 0, 39));

  // Not while there is little space.
  store_.store->EndQuarantine(1);
  EXPECT_EQ(stats().slowdown, 1U);
}

TEST_F(CompactorTest, FillsSeveralSegmentsWhenOneIsTooSmall) {
  store_.compaction.segment_bytes = 3000;
  ASSERT_TRUE(store_.Reopen());
  MakeGarbage();
  store_.Compact();
  EXPECT_TRUE(store_.HasAll(2, 0, 39));
  EXPECT_EQ(store_.Segments(), (std::vector<std::string>{SegmentName(3), SegmentName(4)}));
}

// H11; #2908 of the peer, and T-16.
TEST_F(CompactorTest, ReportsAnExtentItCannotReadAndGoesOnWithTheRest) {
  store_.AddRange(1, 0, 99);
  store_.AddRange(2, 0, 9);
  store_.AddRange(3, 0, 9);
  ASSERT_TRUE(store_.Flush());
  Drop(1);
  store_.disk.Flip(SegmentName(1), kSegmentHeaderBytes + 100 * kRecordBytes + 50);
  store_.Compact();
  EXPECT_EQ(stats().unreadable, 1U);
  EXPECT_TRUE(Reported("entries 0 to 9 of ledger 2"));
  EXPECT_TRUE(store_.HasAll(3, 0, 9));
  EXPECT_EQ(store_.ReadOne(2, 0), Code::kCorrupt);
  EXPECT_TRUE(store_.HasAll(2, 1, 9));  // where they were
  EXPECT_EQ(store_.Segments(), (std::vector<std::string>{SegmentName(1), SegmentName(3)}));
  store_.Compact();  // once is enough
  EXPECT_EQ(stats().rounds, 1U);
}

// The last live ledger of what is copied goes, and the segment with it: nothing is damaged.
TEST_F(CompactorTest, ASegmentThatGoesDuringTheCopyIsNotReported) {
  store_.compaction.step_bytes = 1;
  ASSERT_TRUE(store_.Reopen());
  MakeGarbage();
  StopBeforeTheCommit();
  Drop(2);
  GoOn();
  EXPECT_EQ(stats().unreadable, 0U);
  EXPECT_FALSE(Reported("cannot be read"));
  EXPECT_TRUE(store_.Segments().empty());
}

TEST_F(CompactorTest, ADeletionDuringTheCopyWins) {
  MakeGarbage();
  StopBeforeTheCommit();
  Drop(2);
  GoOn();
  EXPECT_EQ(store_.ReadOne(2, 0), Code::kNoEntry);
  EXPECT_TRUE(store_.Segments().empty());
  EXPECT_EQ(store_.store->stats().live_bytes, 0U);
  ASSERT_TRUE(store_.Reopen());
  EXPECT_EQ(store_.ReadOne(2, 0), Code::kNoEntry);
}

// Recovery fills a gap: the extent that was copied is cut in two meanwhile.
TEST_F(CompactorTest, AnExtentThatChangesDuringTheCopyStaysWhereItIs) {
  store_.AddRange(1, 0, 99);
  store_.AddRange(2, 0, 9);
  store_.AddRange(2, 20, 29);
  ASSERT_TRUE(store_.Flush());
  Drop(1);
  StopBeforeTheCommit();
  store_.AddRange(2, 12, 15);
  ASSERT_TRUE(store_.Flush());
  GoOn();
  EXPECT_TRUE(store_.HasAll(2, 0, 9));
  EXPECT_TRUE(store_.HasAll(2, 12, 15));
  EXPECT_TRUE(store_.HasAll(2, 20, 29));
  store_.Compact();  // next time it succeeds
  EXPECT_TRUE(store_.HasAll(2, 0, 9));
  EXPECT_TRUE(store_.HasAll(2, 20, 29));
  ASSERT_TRUE(store_.Reopen());
  EXPECT_TRUE(store_.HasAll(2, 0, 9));
  EXPECT_TRUE(store_.HasAll(2, 12, 15));
  EXPECT_TRUE(store_.HasAll(2, 20, 29));
}

TEST_F(CompactorTest, ADamagedCopyThatWasReplacedIsGarbage) {
  store_.AddRange(1, 0, 99);
  store_.AddRange(2, 0, 9);
  ASSERT_TRUE(store_.Flush());
  Drop(1);
  store_.disk.Flip(SegmentName(1), kSegmentHeaderBytes + 104 * kRecordBytes + 50);
  ASSERT_EQ(store_.ReadOne(2, 4), Code::kCorrupt);
  store_.Add(2, 4, 60);
  ASSERT_TRUE(store_.Flush());
  store_.Compact();
  EXPECT_EQ(stats().unreadable, 0U);
  EXPECT_EQ(store_.Segments(), (std::vector<std::string>{SegmentName(2), SegmentName(3)}));
  for (int life = 0; life < 2; ++life) {
    EXPECT_TRUE(store_.HasAll(2, 0, 3));
    EXPECT_TRUE(store_.HasAll(2, 4, 4, 60));
    EXPECT_TRUE(store_.HasAll(2, 5, 9));
    ASSERT_TRUE(store_.Reopen());
  }
}

// Recovery replaces an entry of which the compaction had a sound copy when it read it.
TEST_F(CompactorTest, ACopyThatIsReplacedDuringTheCopyDoesNotComeBack) {
  MakeGarbage();
  StopBeforeTheCommit();
  store_.Add(2, 4, 60);
  ASSERT_TRUE(store_.Flush());
  GoOn();
  store_.Compact();
  for (int life = 0; life < 2; ++life) {
    EXPECT_TRUE(store_.HasAll(2, 0, 3));
    EXPECT_TRUE(store_.HasAll(2, 4, 4, 60));
    EXPECT_TRUE(store_.HasAll(2, 5, 39));
    EXPECT_EQ(store_.store->stats().live_bytes, 40 * kRecordBytes - 40);
    ASSERT_TRUE(store_.Reopen());
  }
}

TEST_F(CompactorTest, StandsStillWhilePausedAndGoesOnAfterwards) {
  MakeGarbage();
  store_.store->compactor()->SetPaused(true);
  store_.Compact();
  EXPECT_EQ(stats().rounds, 0U);
  store_.store->compactor()->SetPaused(false);
  StopBeforeTheCommit();
  store_.store->compactor()->SetPaused(true);
  store_.loop.FireTimers();
  store_.Settle();
  store_.loop.FireTimers();
  store_.Settle();
  const CompactionStats paused = stats();
  EXPECT_TRUE(paused.paused);
  store_.store->compactor()->SetPaused(false);
  GoOn();
  EXPECT_FALSE(stats().running);
  EXPECT_TRUE(store_.HasAll(2, 0, 39));
  EXPECT_EQ(store_.Segments().size(), 1U);
}

TEST_F(CompactorTest, AFullDiskEndsTheRoundAndNothingElse) {
  MakeGarbage();
  store_.disk.set_capacity(store_.store->stats().segment_bytes + 4096);
  store_.Compact();
  EXPECT_TRUE(Reported("it will be tried again")) << ::testing::PrintToString(lines_);
  EXPECT_TRUE(store_.HasAll(2, 0, 39));
  EXPECT_EQ(store_.Segments().size(), 2U);
  store_.disk.set_capacity(testing::SimDisk::kUnlimited);
  store_.Compact();
  EXPECT_TRUE(store_.HasAll(2, 0, 39));
  EXPECT_EQ(store_.Segments().size(), 1U);
}

// G12: the moves are committed behind a newer flush, and take nothing of its checkpoint back.
TEST_F(CompactorTest, FlushesGoOnMeanwhile) {
  MakeGarbage();
  StopBeforeTheCommit();
  store_.AddRange(5, 0, 9);
  ASSERT_TRUE(store_.Flush());
  GoOn();
  EXPECT_EQ(store_.store->stored(), store_.lsn);
  EXPECT_TRUE(store_.HasAll(2, 0, 39));
  EXPECT_TRUE(store_.HasAll(5, 0, 9));
  ASSERT_TRUE(store_.Reopen());
  EXPECT_EQ(store_.store->stored(), store_.lsn);
  EXPECT_TRUE(store_.HasAll(2, 0, 39));
  EXPECT_TRUE(store_.HasAll(5, 0, 9));
}

}  // namespace
}  // namespace quire::bookie
