#include "bookie/store_read.h"

#include <gtest/gtest.h>

#include <functional>
#include <span>
#include <utility>

#include "bookie/store_flush.h"
#include "bookie/store_list.h"
#include "protocol/limits.h"
#include "tests/bookie/hooked_disk.h"
#include "tests/bookie/store_fixture.h"

namespace quire::bookie {
namespace {

using protocol::Code;
using protocol::EntryId;
using protocol::EntryRun;
using protocol::LedgerId;

constexpr std::size_t kRecord = kRecordHeaderBytes + protocol::kEntryOverheadBytes + 100;

class StoreReadTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(store_.Open()); }

  // Of the i-th record of the first segment.
  static std::uint64_t Offset(std::size_t i) { return kSegmentHeaderBytes + i * kRecord; }

  StoreHarness store_;
};

TEST_F(StoreReadTest, StopsAfterTheEntryThatReachesTheLimit) {
  store_.AddRange(1, 0, 9);
  ASSERT_TRUE(store_.Flush());
  store_.AddRange(1, 10, 19);
  const StoreHarness::Ids ids = {8, 30, 9, 10, 11};
  EXPECT_EQ(store_.Read(1, ids, 0).size(), 1U);
  EXPECT_EQ(store_.Read(1, ids, 1).size(), 1U);
  EXPECT_EQ(store_.Read(1, ids, 136).size(), 1U);
  EXPECT_EQ(store_.Read(1, ids, 137).size(), 3U);
  EXPECT_EQ(store_.Read(1, ids, 3 * 136).size(), 4U);
  EXPECT_EQ(store_.Read(1, {10, 11, 12}, 1).size(), 1U);
  EXPECT_EQ(store_.Read(1, {}, 1).size(), 0U);
  const auto answers = store_.Read(1, ids);
  ASSERT_EQ(answers.size(), 5U);
  EXPECT_EQ(answers[1].code, Code::kNoEntry);
  EXPECT_EQ(answers[3].bytes, MakeEntry(1, 10));
}

TEST_F(StoreReadTest, ReadsInAnyOrderAndTwice) {
  store_.AddRange(1, 0, 999);
  ASSERT_TRUE(store_.Flush());
  const StoreHarness::Ids ids = {999, 0, 255, 256, 257, 255, 500, 500, 1, 2};
  const auto answers = store_.Read(1, ids);
  ASSERT_EQ(answers.size(), ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    EXPECT_EQ(answers[i].bytes, MakeEntry(1, ids[i])) << ids[i];
  }
}

TEST_F(StoreReadTest, ReadsEntriesOfFullSize) {
  store_.AddRange(1, 0, 3, protocol::kMaxPayloadBytes);
  ASSERT_TRUE(store_.Flush());
  EXPECT_TRUE(store_.HasAll(1, 0, 3, protocol::kMaxPayloadBytes));
}

TEST_F(StoreReadTest, ACorruptByteMakesItsEntryCorruptAndNoOther) {
  store_.AddRange(1, 0, 9);
  ASSERT_TRUE(store_.Flush());
  for (const std::size_t inside : {0UL, 5UL, kRecordHeaderBytes + 3, kRecord - 1}) {
    store_.disk.Flip("segment-0000000000000001.seg", Offset(4) + inside);
    const auto answers = store_.Read(1, {3, 4, 5});
    EXPECT_EQ(answers[0].code, Code::kOk);
    EXPECT_EQ(answers[1].code, Code::kCorrupt);
    EXPECT_TRUE(answers[1].bytes.empty());
    EXPECT_EQ(answers[2].code, Code::kOk);
    store_.disk.Flip("segment-0000000000000001.seg", Offset(4) + inside);
  }
  EXPECT_TRUE(store_.HasAll(1, 0, 9));
}

TEST_F(StoreReadTest, AReplacedHeaderMakesTheSegmentCorrupt) {
  store_.Add(1, 0);
  ASSERT_TRUE(store_.Flush());
  store_.disk.Flip(SegmentName(1), 3);
  EXPECT_EQ(store_.ReadOne(1, 0), Code::kCorrupt);
}

TEST_F(StoreReadTest, AVanishedFileIsUnknownAndATruncatedOneCorrupt) {
  store_.AddRange(1, 0, 9);
  ASSERT_TRUE(store_.Flush());
  ASSERT_TRUE(store_.disk.Remove(SegmentName(1)));
  EXPECT_EQ(store_.ReadOne(1, 0), Code::kUnknown);
  auto shorter = store_.disk.Open(SegmentName(1), {.create = true});
  ASSERT_TRUE(shorter);
  common::AlignedBuffer header;
  AppendSegmentHeader(1, header);
  ASSERT_TRUE((*shorter)->Write(0, header.view()));
  AppendRecord(RecordSeed(1), MakeEntry(1, 0), header);
  ASSERT_TRUE((*shorter)->Write(0, header.view()));
  const auto answers = store_.Read(1, {0, 1});
  EXPECT_EQ(answers[0].code, Code::kOk);
  EXPECT_EQ(answers[1].code, Code::kCorrupt);
}

// A sound record in the wrong place: the disk wrote it elsewhere, or the index points to another.
TEST_F(StoreReadTest, AnotherEntryThanAskedForIsCorrupt) {
  store_.AddRange(1, 0, 1);
  ASSERT_TRUE(store_.Flush());
  auto file = store_.disk.Open(SegmentName(1), {});
  const std::string contents = store_.disk.Contents(SegmentName(1));
  ASSERT_TRUE((*file)->Write(Offset(0), std::string_view(contents).substr(Offset(1), kRecord)));
  const auto answers = store_.Read(1, {0, 1});
  EXPECT_EQ(answers[0].code, Code::kCorrupt);
  EXPECT_EQ(answers[1].code, Code::kOk);
}

TEST_F(StoreReadTest, ARottenIndexValueIsUnknown) {
  store_.AddRange(1, 0, 9);
  store_.AddRange(2, 0, 9);
  ASSERT_TRUE(store_.Flush());
  store_.Close();
  {
    auto db = IndexDb::Open(store_.index.path() + "/index", nullptr);
    ASSERT_TRUE(db);
    const auto batch = (*db)->NewBatch();
    batch->Put(ExtentKey(LedgerId(1), EntryId(0)), "rotten");
    ASSERT_TRUE((*db)->Write(*batch));
  }
  ASSERT_TRUE(store_.Open());
  EXPECT_EQ(store_.ReadOne(1, 3), Code::kUnknown);
  EXPECT_EQ(store_.ReadOne(1, 30), Code::kUnknown);
  EXPECT_TRUE(store_.HasAll(2, 0, 9));
}

// The reader has looked the entry up when the deletion of its ledger removes the segment.
TEST_F(StoreReadTest, ASegmentThatGoesBeforeTheReadIsLookedUpAgain) {
  store_.AddRange(1, 0, 9);
  ASSERT_TRUE(store_.Flush());
  store_.AddRange(2, 0, 9);
  ASSERT_TRUE(store_.Flush());
  store_.Close();
  auto index = Index::Open(store_.index.path() + "/index", nullptr);
  ASSERT_TRUE(index);
  HookedDisk disk(store_.disk);
  StoreCore core(disk, std::move(*index));
  core.files.Add(1);
  core.files.Add(2);
  disk.before_open = [&] {
    const auto dropped = CommitDrops(core, {LedgerId(1)});
    ASSERT_TRUE(dropped);
    EXPECT_EQ(dropped->stats.segments, 1U);
  };
  const auto items = [] {
    std::vector<ReadItem> list;
    for (const int id : {3, 4}) list.push_back({.id = EntryId(id), .cached = std::nullopt});
    return list;
  };
  auto answers = BatchRead(core, LedgerId(1), items(), 10'000).Run();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].code, Code::kNoEntry);
  EXPECT_EQ(answers[1].code, Code::kNoEntry);
  // A segment that is gone although the index still needs it is no denial.
  disk.before_open = [&] { ASSERT_TRUE(core.files.Remove({2})); };
  answers = BatchRead(core, LedgerId(2), items(), 10'000).Run();
  EXPECT_EQ(answers[0].code, Code::kUnknown);
}

TEST_F(StoreReadTest, ReadsNeighboursAtOnceUnlessABlockIsBad) {
  store_.AddRange(1, 0, 9);
  ASSERT_TRUE(store_.Flush());
  store_.Close();
  auto index = Index::Open(store_.index.path() + "/index", nullptr);
  ASSERT_TRUE(index);
  HookedDisk disk(store_.disk);
  disk.bad = Offset(6) + 10;
  StoreCore core(disk, std::move(*index));
  core.files.Add(1);
  std::vector<ReadItem> items;
  for (int id = 0; id < 10; ++id) items.push_back({.id = EntryId(id), .cached = std::nullopt});
  auto copy = items;
  auto answers = BatchRead(core, LedgerId(1), std::move(copy), 10'000).Run();
  ASSERT_EQ(answers.size(), 10U);
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(answers[i].code, i == 6 ? Code::kCorrupt : Code::kOk) << i;
  }
  disk.bad = 1ULL << 40;
  disk.reads = 0;
  answers = BatchRead(core, LedgerId(1), std::move(items), 10'000).Run();
  EXPECT_EQ(answers[9].code, Code::kOk);
  EXPECT_EQ(disk.reads, 1);
}

TEST_F(StoreReadTest, AnUnreadableHeaderMakesTheSegmentCorrupt) {
  store_.Add(1, 0);
  ASSERT_TRUE(store_.Flush());
  store_.Close();
  auto index = Index::Open(store_.index.path() + "/index", nullptr);
  ASSERT_TRUE(index);
  HookedDisk disk(store_.disk);
  disk.bad = 10;
  StoreCore core(disk, std::move(*index));
  core.files.Add(1);
  const auto answers =
      BatchRead(core, LedgerId(1), {{.id = EntryId(0), .cached = std::nullopt}}, 1000).Run();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].code, Code::kCorrupt);
}

TEST_F(StoreReadTest, ListsRunsOfCacheAndIndexTogether) {
  store_.AddRange(1, 0, 4);
  store_.AddRange(1, 8, 9);
  store_.Add(2, 5);
  ASSERT_TRUE(store_.Flush());
  store_.Add(1, 6);
  store_.AddRange(1, 20, 29);
  store_.StartFlush();
  store_.Add(1, 7);
  store_.Add(1, 40);
  const std::vector<EntryRun> all = {
      {EntryId(0), 5}, {EntryId(6), 4}, {EntryId(20), 10}, {EntryId(40), 1}};
  EXPECT_EQ(store_.List(1), all);
  EXPECT_EQ(store_.List(1, 0, 2), (std::vector<EntryRun>{all[0], all[1]}));
  EXPECT_EQ(store_.List(1, 3, 1), (std::vector<EntryRun>{{EntryId(3), 2}}));
  EXPECT_EQ(store_.List(1, 5), (std::vector<EntryRun>{all[1], all[2], all[3]}));
  EXPECT_TRUE(store_.List(1, 41).empty());
  EXPECT_TRUE(store_.List(3).empty());
  EXPECT_EQ(store_.List(2), (std::vector<EntryRun>{{EntryId(5), 1}}));
}

TEST(RunListTest, JoinsWhatTouches) {
  RunList list;
  list.Add(EntryId(0), 3);
  list.Add(EntryId(1), 1);
  list.Add(EntryId(3), 2);
  list.Add(EntryId(6), 1);
  EXPECT_EQ(list.runs(), (std::vector<EntryRun>{{EntryId(0), 5}, {EntryId(6), 1}}));
}

}  // namespace
}  // namespace quire::bookie
