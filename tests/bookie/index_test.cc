#include "bookie/index.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "tests/bookie/store_fixture.h"

namespace quire::bookie {
namespace {

using common::Errc;
using protocol::EntryId;
using protocol::LedgerId;

class IndexTest : public ::testing::Test {
 protected:
  std::string path() const { return directory_.path() + "/index"; }

  void Open() {
    index_.reset();
    auto opened = Index::Open(path(), nullptr);
    ASSERT_TRUE(opened) << opened.error().ToString();
    index_ = std::move(*opened);
  }

  // Commits a segment with these entries of 64 bytes.
  std::vector<SegmentId> Put(SegmentId segment,
                             const std::map<std::int64_t, std::set<std::int64_t>>& ledgers,
                             const std::vector<std::int64_t>& dropped = {}) {
    IndexCommit commit = index_->Begin();
    for (const std::int64_t ledger : dropped) EXPECT_TRUE(commit.Drop(LedgerId(ledger)));
    std::uint64_t offset = kSegmentHeaderBytes;
    std::uint64_t entries = 0;
    for (const auto& [ledger, ids] : ledgers) entries += ids.size();
    if (entries > 0) commit.AddSegment(segment, entries * 72);
    for (const auto& [ledger, ids] : ledgers) {
      std::vector<PlacedEntry> placed;
      for (const std::int64_t id : ids) {
        placed.push_back({EntryId(id), offset, 64});
        offset += 72;
      }
      EXPECT_TRUE(commit.PutEntries(segment, LedgerId(ledger), placed, Copies::kPerhaps));
    }
    auto dead = commit.Finish({.stored = index_->record().stored + 1, .next_segment = segment + 1});
    EXPECT_TRUE(dead);
    return dead.value_or(std::vector<SegmentId>{});
  }

  std::optional<EntryLocation> Find(std::int64_t ledger, std::int64_t entry) const {
    const auto found = index_->View().Find(LedgerId(ledger), EntryId(entry));
    EXPECT_TRUE(found);
    return found.value_or(std::nullopt);
  }

  // Changes a value behind the index's back.
  void Overwrite(const std::string& key, const std::string& value) {
    index_.reset();
    auto db = IndexDb::Open(path(), nullptr);
    ASSERT_TRUE(db);
    const auto batch = (*db)->NewBatch();
    value.empty() ? batch->Delete(key) : batch->Put(key, value);
    ASSERT_TRUE((*db)->Write(*batch));
  }

  TempDirectory directory_;
  std::unique_ptr<Index> index_;
};

TEST_F(IndexTest, ACommitComesBackAfterReopening) {
  Open();
  EXPECT_TRUE(index_->created());
  EXPECT_EQ(index_->record().stored, 0U);
  IndexCommit commit = index_->Begin();
  commit.PutState(LedgerId(3), {.key = {}, .fenced = true, .last_entry = EntryId(5)});
  ASSERT_TRUE(commit.Finish({.stored = 17, .next_segment = 1}));
  Put(1, {{3, {0, 2, 5}}});
  Open();
  EXPECT_FALSE(index_->created());
  EXPECT_EQ(index_->record().stored, 18U);
  EXPECT_EQ(index_->record().next_segment, 2U);
  const auto states = index_->TakeStates();
  ASSERT_EQ(states.size(), 1U);
  EXPECT_EQ(states.at(LedgerId(3)),
            (LedgerState{.key = {}, .fenced = true, .last_entry = EntryId(5)}));
  EXPECT_EQ(index_->segments().at(1), (SegmentSpace{.total = 3 * 72, .live = 3 * 72}));
  EXPECT_EQ(Find(3, 2), (EntryLocation{1, kSegmentHeaderBytes + 72, 64}));
  EXPECT_FALSE(Find(3, 1));
  EXPECT_FALSE(Find(2, 2));
  EXPECT_FALSE(Find(4, 2));
}

TEST_F(IndexTest, WhatIsSettledComesBackAsABitAndNotAsAState) {
  const LedgerState tombstone{.key = {.high = 1, .low = 2}, .deleted = true};
  Open();
  IndexCommit commit = index_->Begin();
  for (const std::int64_t id : {3, 4, 5, 2000}) commit.PutState(LedgerId(id), tombstone);
  ASSERT_TRUE(commit.Finish({.stored = 17, .next_segment = 1}));
  Open();  // as every index before there were bits
  EXPECT_EQ(index_->TakeTombstones().size(), 0U);
  EXPECT_EQ(index_->TakeStates().size(), 4U);
  for (const std::int64_t id : {3, 5, 2000}) {
    IndexCommit settle = index_->Begin();
    ASSERT_TRUE(settle.Settle(LedgerId(id)));
    ASSERT_TRUE(settle.Finish(index_->record()));
  }
  Open();
  EXPECT_EQ(index_->TakeTombstones().Ids(),
            (std::vector{LedgerId(3), LedgerId(5), LedgerId(2000)}));
  EXPECT_EQ(index_->TakeStates(), (Index::States{{LedgerId(4), tombstone}}));
}

TEST_F(IndexTest, WhatIsUnsettledIsNotDeleted) {
  Open();
  IndexCommit commit = index_->Begin();
  for (const std::int64_t id : {3, 4, 2000}) ASSERT_TRUE(commit.Settle(LedgerId(id)));
  ASSERT_TRUE(commit.Finish({.stored = 17, .next_segment = 1}));
  IndexCommit back = index_->Begin();
  for (const std::int64_t id : {3, 2000, 9000}) {
    back.PutState(LedgerId(id), {.key = {}, .fenced = true, .limbo = true});
    ASSERT_TRUE(back.Unsettle(LedgerId(id)));
  }
  ASSERT_TRUE(back.Finish(index_->record()));
  Open();
  EXPECT_EQ(index_->TakeTombstones().Ids(), std::vector{LedgerId(4)});
  EXPECT_EQ(index_->TakeStates().size(), 3U);
}

// A flush that is repeated may carry the state of a ledger that was settled meanwhile.
TEST_F(IndexTest, OfOneCommitTheSettlingWins) {
  Open();
  IndexCommit commit = index_->Begin();
  commit.PutState(LedgerId(3), {.key = {}, .deleted = true});
  ASSERT_TRUE(commit.Settle(LedgerId(3)));
  ASSERT_TRUE(commit.Settle(LedgerId(4)));
  ASSERT_TRUE(commit.Finish({.stored = 17, .next_segment = 1}));
  Open();
  EXPECT_EQ(index_->TakeTombstones().Ids(), (std::vector{LedgerId(3), LedgerId(4)}));
  EXPECT_TRUE(index_->TakeStates().empty());
}

TEST_F(IndexTest, WhatIsNotFinishedIsNotThere) {
  Open();
  {
    IndexCommit commit = index_->Begin();
    commit.PutState(LedgerId(3), {});
  }
  Open();
  EXPECT_TRUE(index_->TakeStates().empty());
}

TEST_F(IndexTest, AViewDoesNotSeeALaterCommit) {
  Open();
  Put(1, {{1, {0, 1}}});
  IndexView before = index_->View();
  Put(2, {{1, {2}}, {2, {0}}}, {});
  Put(3, {}, {1});
  EXPECT_TRUE(before.Find(LedgerId(1), EntryId(1)).value());
  EXPECT_FALSE(before.Find(LedgerId(1), EntryId(2)).value());
  EXPECT_FALSE(before.Find(LedgerId(2), EntryId(0)).value());
  EXPECT_FALSE(Find(1, 1));
  EXPECT_TRUE(Find(2, 0));
}

TEST_F(IndexTest, ASegmentDiesWithItsLastLedger) {
  Open();
  EXPECT_TRUE(Put(1, {{1, {0, 1}}, {2, {0}}}).empty());
  EXPECT_TRUE(Put(2, {{1, {2}}}).empty());
  EXPECT_EQ(Put(3, {}, {1, 1}), std::vector<SegmentId>{2});  // named twice, counted once
  EXPECT_EQ(index_->segments().at(1), (SegmentSpace{.total = 3 * 72, .live = 72}));
  Open();
  EXPECT_EQ(index_->segments().at(1).live, 72U);
  EXPECT_EQ(index_->segments().size(), 1U);
  EXPECT_TRUE(Find(2, 0));
  EXPECT_EQ(Put(4, {}, {2}), std::vector<SegmentId>{1});
  EXPECT_TRUE(index_->segments().empty());
}

TEST_F(IndexTest, DropsALedgerOfManyExtents) {
  Open();
  // Every other id, then the ones between: each entry becomes an extent of its own.
  std::set<std::int64_t> even;
  std::set<std::int64_t> odd;
  for (int id = 0; id < 3000; ++id) (id % 2 == 0 ? even : odd).insert(id);
  Put(1, {{1, {0}}, {5, even}, {6, {0}}});
  Put(2, {{5, odd}});
  for (int id = 0; id < 3000; ++id) ASSERT_EQ(Find(5, id)->segment, id % 2 == 0 ? 1U : 2U);
  EXPECT_EQ(Put(3, {}, {5}), std::vector<SegmentId>{2});
  for (int id = 0; id < 3000; ++id) ASSERT_FALSE(Find(5, id));
  EXPECT_TRUE(Find(1, 0));
  EXPECT_TRUE(Find(6, 0));
  Open();
  EXPECT_FALSE(Find(5, 0));
  EXPECT_EQ(index_->segments().at(1).live, 2 * 72U);
}

TEST_F(IndexTest, OfTwoCopiesTheNewerIsLive) {
  Open();
  Put(1, {{1, {0, 1}}, {2, {0}}});
  EXPECT_TRUE(Put(2, {{1, {1, 2}}}).empty());
  EXPECT_EQ(index_->segments().at(1), (SegmentSpace{.total = 3 * 72, .live = 2 * 72}));
  EXPECT_EQ(index_->segments().at(2), (SegmentSpace{.total = 144, .live = 144}));
  EXPECT_EQ(Find(1, 0)->segment, 1U);
  EXPECT_EQ(Find(1, 1)->segment, 2U);
  // All that a segment has came again: it dies with the same commit.
  EXPECT_EQ(Put(3, {{1, {1, 2}}}), std::vector<SegmentId>{2});
  Open();
  EXPECT_EQ(Find(1, 1)->segment, 3U);
  EXPECT_EQ(index_->segments().at(1).live, 2 * 72U);
  EXPECT_EQ(index_->segments().at(3).live, 144U);
  EXPECT_EQ(Put(4, {}, {1}), std::vector<SegmentId>{3});
  EXPECT_EQ(index_->segments().at(1).live, 72U) << "each byte was counted once";
}

TEST_F(IndexTest, ARottenExtentIsUnknownAndNeverADenial) {
  Open();
  Put(1, {{1, {0, 1}}, {2, {0}}});
  Overwrite(ExtentKey(LedgerId(1), EntryId(0)), "rotten");
  Open();
  for (const int id : {0, 1, 2}) {
    const auto found = index_->View().Find(LedgerId(1), EntryId(id));
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code(), Errc::kCorrupt);
  }
  EXPECT_TRUE(Find(2, 0));
  IndexCommit commit = index_->Begin();
  commit.AddSegment(2, 72);
  EXPECT_FALSE(commit.PutEntries(2, LedgerId(1), std::vector<PlacedEntry>{{EntryId(2), 4096, 64}},
                                 Copies::kPerhaps));
  IndexCommit drop = index_->Begin();  // deleting it is possible, with its space lost
  EXPECT_TRUE(drop.Drop(LedgerId(1)));
  EXPECT_TRUE(drop.Finish(index_->record()));
  EXPECT_FALSE(Find(1, 0));
  EXPECT_EQ(index_->segments().at(1).live, 3 * 72U);
}

TEST_F(IndexTest, RefusesToOpenWithADamagedRecord) {
  Open();
  Put(1, {{1, {0}}});
  for (const std::string& key :
       {StateKey(LedgerId(9)), SegmentKey(1), TombstoneKey(2), std::string(kCommitKey)}) {
    Overwrite(key, "rotten");
    EXPECT_EQ(Index::Open(path(), nullptr).error().code(), Errc::kCorrupt);
    Overwrite(key, SealValue(key, "odd"));
    EXPECT_EQ(Index::Open(path(), nullptr).error().code(), Errc::kCorrupt) << key;
    Overwrite(key, "");
    if (key != kCommitKey) Open();
  }
  const std::string commit(kCommitKey);
  Overwrite(commit, SealValue(commit, std::string("\0\0\0\2", 4)));
  EXPECT_EQ(Index::Open(path(), nullptr).error().code(), Errc::kUnsupported);
  Overwrite(commit, "");
  const auto opened = Index::Open(path(), nullptr);  // there are extents, but no commit record
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Errc::kCorrupt);
  EXPECT_TRUE(opened.error().context().contains(path()));
}

TEST_F(IndexTest, RefusesAnIndexThatIsOpenElsewhere) {
  Open();
  const auto again = Index::Open(path(), nullptr);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), Errc::kCorrupt);
  EXPECT_TRUE(again.error().context().contains("another process")) << again.error().ToString();
  EXPECT_TRUE(again.error().context().contains(path()));
}

TEST_F(IndexTest, RefusesAnIndexThatCannotBeRead) {
  Open();
  index_.reset();
  std::ofstream(path() + "/CURRENT") << "MANIFEST-999999\n";
  const auto opened = Index::Open(path(), nullptr);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Errc::kCorrupt);
  EXPECT_TRUE(opened.error().context().contains(path()));
}

}  // namespace
}  // namespace quire::bookie
