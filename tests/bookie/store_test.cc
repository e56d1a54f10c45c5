#include "bookie/store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <numeric>

#include "bookie/index.h"
#include "bookie/segment_format.h"
#include "tests/bookie/store_fixture.h"

namespace quire::bookie {
namespace {

using common::Errc;
using protocol::Code;
using protocol::EntryId;
using protocol::LedgerId;

class StoreTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(store_.Open()); }
  StoreHarness store_{64 << 10};
};

TEST_F(StoreTest, ReadsFromTheCacheThenFromTheSegment) {
  store_.AddRange(1, 0, 9);
  EXPECT_EQ(store_.store->FindCached(LedgerId(1), EntryId(3)), MakeEntry(1, 3));
  EXPECT_TRUE(store_.HasAll(1, 0, 9));
  ASSERT_TRUE(store_.Flush());
  EXPECT_FALSE(store_.store->FindCached(LedgerId(1), EntryId(3)));
  EXPECT_TRUE(store_.HasAll(1, 0, 9));
  EXPECT_EQ(store_.ReadOne(1, 10), Code::kNoEntry);
  EXPECT_EQ(store_.ReadOne(2, 0), Code::kNoEntry);
  EXPECT_EQ(store_.store->stored(), store_.lsn);
  EXPECT_EQ(store_.Segments(), std::vector<std::string>{SegmentName(1)});
  const StoreStats stats = store_.store->stats();
  EXPECT_EQ(stats.segments, 1U);
  const auto observed = [](const HistogramView& histogram) {
    return std::accumulate(histogram.counts.begin(), histogram.counts.end(), std::uint64_t{0});
  };
  EXPECT_EQ(observed(stats.segment_write.view()), 1U);
  EXPECT_EQ(observed(stats.index_commit.view()), 1U);
  EXPECT_EQ(stats.live_bytes, 10U * (kRecordHeaderBytes + 136));
  EXPECT_EQ(stats.segment_bytes, store_.disk.Contents(SegmentName(1)).size());
}

TEST_F(StoreTest, EntriesStatesAndLsnComeBackAfterReopening) {
  store_.AddRange(1, 0, 99);
  store_.Add(7, 5);
  const LedgerState one{
      .key = {.high = 1, .low = 2}, .last_entry = EntryId(99), .lac = EntryId(98)};
  const LedgerState fenced{.key = {}, .fenced = true};
  ASSERT_TRUE(store_.Flush({.states = {{LedgerId(1), one}, {LedgerId(9), fenced}}}));
  ASSERT_TRUE(store_.Flush(
      {.lsn = 500, .states = {{LedgerId(9), {.key = {}, .fenced = true, .limbo = true}}}}));
  ASSERT_TRUE(store_.Reopen());
  EXPECT_EQ(store_.store->stored(), 500U);
  const auto states = store_.store->TakeLedgers();
  EXPECT_EQ(states.size(), 2U);
  EXPECT_EQ(states.at(LedgerId(1)), one);
  EXPECT_EQ(states.at(LedgerId(9)), (LedgerState{.key = {}, .fenced = true, .limbo = true}));
  EXPECT_TRUE(store_.HasAll(1, 0, 99));
  EXPECT_TRUE(store_.HasAll(7, 5, 5));
}

// D09: a fence without any other traffic reaches the index with a checkpoint of no entries.
TEST_F(StoreTest, CommitsAStateWithoutEntriesAndWithoutASegment) {
  ASSERT_TRUE(store_.Flush({.lsn = 1, .states = {{LedgerId(4), {.key = {}, .fenced = true}}}}));
  EXPECT_TRUE(store_.Segments().empty());
  ASSERT_TRUE(store_.Reopen());
  EXPECT_TRUE(store_.store->TakeLedgers().at(LedgerId(4)).fenced);
  EXPECT_EQ(store_.store->stored(), 1U);
}

TEST_F(StoreTest, TheCommitWaitsForTheJournal) {
  store_.AddRange(1, 0, 9);
  store_.store->JournalDurable(9);
  store_.StartFlush({.lsn = 10});
  store_.Settle();
  EXPECT_TRUE(store_.store->flushing());
  EXPECT_TRUE(store_.outcomes.empty());
  EXPECT_EQ(store_.store->stored(), 0U);
  EXPECT_TRUE(store_.HasAll(1, 0, 9));
  store_.store->JournalDurable(10);
  store_.Settle();
  ASSERT_EQ(store_.outcomes.size(), 1U);
  EXPECT_TRUE(store_.outcomes.front());
  EXPECT_FALSE(store_.store->flushing());
  EXPECT_EQ(store_.store->stored(), 10U);
}

TEST_F(StoreTest, TakesAddsWhileItFlushes) {
  store_.AddRange(1, 0, 9);
  store_.StartFlush();
  store_.AddRange(1, 10, 19);
  EXPECT_TRUE(store_.HasAll(1, 0, 19));
  store_.store->JournalDurable(100);
  store_.Settle();
  EXPECT_EQ(store_.store->stored(), 10U);
  EXPECT_FALSE(store_.store->FindCached(LedgerId(1), EntryId(9)));
  EXPECT_TRUE(store_.store->FindCached(LedgerId(1), EntryId(10)));
  EXPECT_TRUE(store_.HasAll(1, 0, 19));
}

TEST_F(StoreTest, SaysWhenItWantsAFlushAndWhenItIsFull) {
  std::int64_t id = 0;
  while (!store_.store->WantsFlush()) store_.Add(1, id++, 1000);
  EXPECT_NEAR(static_cast<double>(id), 60, 6);
  EXPECT_FALSE(store_.store->Full());
  store_.StartFlush();
  EXPECT_FALSE(store_.store->WantsFlush());
  while (!store_.store->WantsFlush()) store_.Add(1, id++, 1000);
  EXPECT_TRUE(store_.store->Full());
  store_.store->JournalDurable(store_.lsn);
  store_.Settle();
  EXPECT_FALSE(store_.store->Full());
  EXPECT_TRUE(store_.store->WantsFlush());
  EXPECT_TRUE(store_.HasAll(1, 0, id - 1, 1000));
}

TEST_F(StoreTest, RefusesToOpenWithoutASegmentItNeeds) {
  store_.Add(1, 0);
  ASSERT_TRUE(store_.Flush());
  store_.Close();
  ASSERT_TRUE(store_.disk.Remove(SegmentName(1)));
  const auto opened = store_.Open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Errc::kCorrupt);
  EXPECT_TRUE(opened.error().context().contains(SegmentName(1)));
}

TEST_F(StoreTest, RefusesANewIndexBesideOldSegments) {
  store_.Close();
  ASSERT_TRUE(store_.disk.Open(SegmentName(3), {.create = true}));
  TempDirectory empty;
  // A supervisor starts it again and again: what one refused start left must not let the next one
  // in.
  for (int start = 0; start < 3; ++start) {
    const auto opened = Store::Open(store_.disk, store_.loop, *store_.flush_worker,
                                    {store_.reader.get()}, {.index_path = empty.path() + "/index"});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), Errc::kCorrupt);
    EXPECT_TRUE(opened.error().context().contains("quire disk rebuild-index"));
    EXPECT_EQ(store_.Segments().size(), 1U);  // and above all removes nothing
  }
}

TEST_F(StoreTest, ABookieThatHasBegunIsRefusedWithoutItsIndexAndLeftAsItIs) {
  store_.Close();
  TempDirectory empty;
  const auto open = [&](bool may_begin) {
    return Store::Open(store_.disk, store_.loop, *store_.flush_worker, {store_.reader.get()},
                       {.index_path = empty.path() + "/index", .may_begin = may_begin});
  };
  for (int start = 0; start < 2; ++start) {
    const auto opened = open(false);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), Errc::kCorrupt);
    EXPECT_TRUE(opened.error().context().contains("is missing or empty"));
    EXPECT_TRUE(std::filesystem::is_empty(empty.path())) << "so that the old one can be put back";
  }
  // As RocksDB leaves one before the first commit.
  ASSERT_TRUE(Index::Open(empty.path() + "/index", nullptr));
  EXPECT_FALSE(open(false));
  EXPECT_TRUE(open(true)) << "a first start that was interrupted goes on";
  EXPECT_TRUE(open(false));
}

TEST_F(StoreTest, RemovesFilesTheIndexDoesNotKnowAndNoOthers) {
  store_.Add(1, 0);
  ASSERT_TRUE(store_.Flush());
  ASSERT_TRUE(store_.disk.Open(SegmentName(2), {.create = true}));
  ASSERT_TRUE(store_.disk.Open("journal-1", {.create = true}));
  ASSERT_TRUE(store_.Reopen());
  EXPECT_EQ(store_.Segments(), (std::vector<std::string>{"journal-1", SegmentName(1)}));
  store_.Add(1, 1);
  ASSERT_TRUE(store_.Flush());
  EXPECT_TRUE(store_.HasAll(1, 0, 1));
}

TEST_F(StoreTest, MayGoWhileJobsAndAnswersAreUnderWay) {
  store_.AddRange(1, 0, 9);
  ASSERT_TRUE(store_.Flush());
  store_.AddRange(1, 10, 19);
  auto owned = std::make_shared<int>();
  for (int round = 0; round < 2; ++round) {
    store_.store->Read(LedgerId(1), {EntryId(1)}, 1000,
                       [owned](std::vector<protocol::EntryAnswer>) { FAIL(); });
    store_.store->List(LedgerId(1), EntryId(0), 10, [owned](auto) { FAIL(); });
    store_.reader->Step();
  }
  store_.store->JournalDurable(100);
  store_.store->Flush({.lsn = 20}, [owned](common::Result<void>) { FAIL(); });
  store_.flush_worker->Step();
  store_.store.reset();
  store_.Settle();
  EXPECT_EQ(owned.use_count(), 1);
  ASSERT_TRUE(store_.Open());
  EXPECT_EQ(store_.store->stored(), 10U);
  EXPECT_EQ(store_.ReadOne(1, 10), Code::kNoEntry);
}

}  // namespace
}  // namespace quire::bookie
