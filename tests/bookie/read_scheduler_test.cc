#include "bookie/read_scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "tests/bookie/store_fixture.h"

namespace quire::bookie {
namespace {

using protocol::Code;
using protocol::EntryAnswer;
using protocol::EntryId;
using protocol::LedgerId;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::int64_t kEntries = 1000;

// Two readers, each of which does a job when the test says so, over a ledger in a segment.
class ReadSchedulerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(store_.Open());
    store_.AddRange(1, 0, kEntries - 1);
    store_.AddRange(2, 0, kEntries - 1);
    ASSERT_TRUE(store_.Flush());
    store_.Close();
    Open(1 << 20);
  }

  void Open(std::size_t cache_bytes) {
    auto index = Index::Open(store_.index.path() + "/index", nullptr);
    ASSERT_TRUE(index);
    core_ = std::make_shared<StoreCore>(store_.disk, std::move(*index));
    for (const auto& [segment, space] : core_->index->segments()) core_->files.Add(segment);
    reads_ = std::make_unique<ReadScheduler>(
        store_.loop, std::vector<common::Worker*>{&readers_[0], &readers_[1]}, core_, unstored_,
        cache_bytes);
  }

  void Note(std::int64_t first, std::int64_t count, std::int64_t ledger = 1) {
    reads_->Note(
        {.ledger = LedgerId(ledger), .first = EntryId(first), .end = EntryId(first + count)},
        static_cast<std::uint64_t>(count) * 136, EntryId(kEntries - 1));
  }
  // The answers, once they have come.
  std::shared_ptr<std::vector<EntryAnswer>> Read(std::int64_t first, std::int64_t count = 10,
                                                 std::int64_t ledger = 1) {
    std::vector<EntryId> ids;
    for (std::int64_t id = first; id < first + count; ++id) ids.emplace_back(id);
    auto answers = std::make_shared<std::vector<EntryAnswer>>();
    reads_->Read(LedgerId(ledger), std::move(ids), 1 << 20,
                 [answers](std::vector<EntryAnswer> got) { *answers = std::move(got); });
    return answers;
  }
  bool InMemory(std::int64_t entry, std::int64_t ledger = 1) {
    const auto found = reads_->Find(LedgerId(ledger), EntryId(entry));
    if (found) EXPECT_EQ(*found, MakeEntry(ledger, entry));
    return found.has_value();
  }
  void Settle() {
    while (store_.loop.Step() || readers_[0].Step() || readers_[1].Step()) {
    }
  }
  void Turns() {
    while (store_.loop.Step()) {
    }
  }

  StoreHarness store_;
  StepWorker readers_[2];
  std::shared_ptr<StoreCore> core_;
  CacheHalves unstored_{1 << 20};
  std::unique_ptr<ReadScheduler> reads_;
};

TEST_F(ReadSchedulerTest, ASequentialReaderFindsTheRestOfTheLedgerInMemory) {
  for (std::int64_t first = 0; first < kEntries; first += 10) {
    if (first >= 20) {
      for (std::int64_t id = first; id < first + 10; ++id) EXPECT_TRUE(InMemory(id)) << id;
    }
    Note(first, 10);
    Settle();
  }
  EXPECT_FALSE(InMemory(500, 2)) << "nobody reads that one";
  EXPECT_EQ(reads_->prefetcher().wasted_bytes(), 0U);
}

TEST_F(ReadSchedulerTest, WithoutACacheNothingIsReadAhead) {
  reads_.reset();
  core_.reset();
  Open(0);
  for (std::int64_t first = 0; first < kEntries; first += 10) {
    Note(first, 10);
    EXPECT_FALSE(readers_[0].Step() || readers_[1].Step());
  }
}

TEST_F(ReadSchedulerTest, NothingIsReadAheadBehindTheLastEntry) {
  Note(kEntries - 20, 10);
  Note(kEntries - 10, 10);
  EXPECT_FALSE(readers_[0].Step() || readers_[1].Step());
}

// Prefetches never stand before a read that somebody waits for, and never take all readers.
TEST_F(ReadSchedulerTest, OneReaderIsAlwaysFreeOfPrefetches) {
  for (const std::int64_t ledger : {1, 2}) {
    Note(0, 100, ledger);
    Note(100, 100, ledger);
  }
  const auto first = Read(900);
  const auto second = Read(910);
  EXPECT_TRUE(readers_[1].Step());
  EXPECT_TRUE(readers_[1].Step()) << "both reads went to the reader without a prefetch";
  Turns();
  EXPECT_THAT(*first, SizeIs(10));
  EXPECT_THAT(*second, SizeIs(10));
  Settle();
  EXPECT_TRUE(InMemory(250, 1));
  EXPECT_TRUE(InMemory(250, 2)) << "its turn came when the other one was done";
}

TEST_F(ReadSchedulerTest, ABusyReaderReadsNothingAhead) {
  const auto first = Read(900);
  const auto second = Read(910);
  Note(0, 100);
  Note(100, 100);
  EXPECT_TRUE(readers_[0].Step());
  EXPECT_TRUE(readers_[1].Step());
  EXPECT_FALSE(readers_[0].Step() || readers_[1].Step()) << "only what was asked for";
  Settle();
  EXPECT_TRUE(InMemory(250));
}

TEST_F(ReadSchedulerTest, AReadOfWhatIsBeingReadWaitsForIt) {
  Note(0, 100);
  Note(100, 100);
  const auto answers = Read(200, 50);
  EXPECT_TRUE(readers_[0].Step());
  EXPECT_FALSE(readers_[1].Step()) << "read twice";
  Settle();
  ASSERT_THAT(*answers, SizeIs(50));
  EXPECT_EQ(answers->back().bytes, MakeEntry(1, 249));
}

TEST_F(ReadSchedulerTest, WhatAReaderDoesNotFindAheadItReadsItself) {
  store_.disk.Flip(SegmentName(1), kSegmentHeaderBytes + 205 * 144 + 60);
  Note(0, 100);
  Note(100, 100);
  Settle();
  EXPECT_TRUE(InMemory(204));
  EXPECT_FALSE(InMemory(205)) << "what does not verify is not kept";
  EXPECT_TRUE(InMemory(206));
  const auto answers = Read(204, 3);
  Settle();
  ASSERT_THAT(*answers, SizeIs(3));
  EXPECT_EQ((*answers)[0].code, Code::kOk);
  EXPECT_EQ((*answers)[1].code, Code::kCorrupt);
  EXPECT_EQ((*answers)[2].code, Code::kOk);
}

// An absence in memory is no denial (T-16).
TEST_F(ReadSchedulerTest, OnlyTheIndexDenies) {
  Note(0, 100);
  Note(100, 100);
  const auto answers = Read(199, 2);  // 200 is being read ahead
  const auto none = Read(kEntries, 1);
  Settle();
  ASSERT_THAT(*answers, SizeIs(2));
  EXPECT_EQ((*answers)[1].code, Code::kOk);
  ASSERT_THAT(*none, SizeIs(1));
  EXPECT_EQ((*none)[0].code, Code::kNoEntry);
}

TEST_F(ReadSchedulerTest, ADroppedLedgerLeavesNothingBehind) {
  Note(0, 100);
  Note(100, 100);
  Settle();
  ASSERT_TRUE(InMemory(200));
  Note(200, 100);  // on the way when the ledger goes
  reads_->Forget(LedgerId(1));
  Settle();
  EXPECT_FALSE(InMemory(200));
  EXPECT_FALSE(InMemory(350));
  EXPECT_EQ(reads_->prefetcher().cache_bytes(), 0U);
}

TEST_F(ReadSchedulerTest, NothingComesBackWhenItHasGone) {
  Note(0, 100);
  Note(100, 100);
  const auto answers = Read(200, 50);
  const auto other = Read(900);
  reads_.reset();
  Settle();
  EXPECT_THAT(*answers, IsEmpty());
  EXPECT_THAT(*other, IsEmpty());
}

// Through the store: a deletion takes what was read ahead with it.
TEST(StoreReadAheadTest, ADeletionTakesWhatWasReadAhead) {
  StoreHarness store;
  ASSERT_TRUE(store.Open());
  store.AddRange(1, 0, 999);
  ASSERT_TRUE(store.Flush());
  const auto note = [&](std::int64_t first) {
    store.store->NoteRead(LedgerId(1), EntryId(first), EntryId(first + 100), 13'600, EntryId(999));
    store.Settle();
  };
  note(0);
  note(100);
  EXPECT_TRUE(store.store->FindCached(LedgerId(1), EntryId(200)));
  EXPECT_GT(store.store->stats().read_cache_bytes, 0U);
  EXPECT_GT(store.store->stats().prefetched_bytes, 0U);
  ASSERT_TRUE(store.Flush({.dropped = {LedgerId(1)}}));
  EXPECT_FALSE(store.store->FindCached(LedgerId(1), EntryId(200)));
  EXPECT_EQ(store.store->stats().read_cache_bytes, 0U);
  EXPECT_EQ(store.ReadOne(1, 200), Code::kNoEntry);
}

}  // namespace
}  // namespace quire::bookie
