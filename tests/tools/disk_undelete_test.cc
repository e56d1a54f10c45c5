#include <vector>

#include "bookie/index_db.h"
#include "bookie/index_format.h"
#include "disk_undelete_fixture.h"
#include "tests/bookie/all_ledgers.h"

namespace quire::tools {
namespace {

namespace fs = std::filesystem;

using bookie::SegmentName;
using protocol::Code;
using protocol::LedgerId;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(DiskUndeleteTest, WithoutYesNothingChanges) {
  const auto looked = Rebuild({.yes = false, .skip_gap = false, .undelete = true, .quiet = true});
  EXPECT_EQ(looked["done"], false);
  EXPECT_EQ(looked["quarantined"], 1);
  EXPECT_EQ(looked["undone"], 0) << "the index has it";
  EXPECT_EQ(looked["deletions"], 0);
  EXPECT_EQ(looked["ledgers"], 1);
  EXPECT_EQ(looked["records"], kEntries);
  EXPECT_TRUE(fs::exists(Quarantined(1)));
  Open();
  EXPECT_EQ(ReadOne(1, 0), Code::kNoLedger);
  ExpectWhole(2);
}

TEST_F(DiskUndeleteTest, TheLedgerIsServedAgainAndInLimbo) {
  const auto done = Undelete();
  EXPECT_EQ(done["done"], true);
  EXPECT_EQ(done["old_index"], "index.old-1");
  EXPECT_FALSE(fs::exists(Quarantined(1)));
  for (int start = 0; start < 3; ++start) {
    Open();
    EXPECT_TRUE(AllLedgers(*shard_, true).empty());
    ExpectInLimbo(1);
    ExpectWhole(2);
    EXPECT_EQ(shard_->Snapshot().limbo_ledgers, 1U) << "the other ledger goes on";
    EXPECT_EQ(ReadOne(2, kEntries + start), Code::kNoEntry);
    EXPECT_EQ(AddOne(2, kEntries + start), Code::kOk);
    EXPECT_EQ(AddOne(2000 + start, 0), Code::kOk);
    start == 1 ? Stop() : Kill();
  }
}

TEST_F(DiskUndeleteTest, ADeletionThatNoFlushHasSeenIsUndoneToo) {
  DropWithoutFlush(2);
  const auto done = Undelete();
  EXPECT_EQ(done["undone"], 1);
  for (int start = 0; start < 2; ++start) {
    Open();
    ExpectInLimbo(1);
    ExpectInLimbo(2);
    Kill();
  }
}

// Its record was purged from the metadata store, and of its tombstone there is only a bit.
TEST_F(DiskUndeleteTest, ASettledLedgerComesBackToo) {
  Open();
  Stop();  // all that was replayed is stored
  Open();
  ASSERT_TRUE(shard_->Settle(LedgerId(1)));
  Add(2000, 0, 1);
  Stop();
  Open();
  ASSERT_EQ(shard_->tombstones().Ids(), std::vector{LedgerId(1)});
  Kill();
  Undelete();
  for (int start = 0; start < 2; ++start) {
    Open();
    EXPECT_TRUE(shard_->tombstones().Ids().empty());
    EXPECT_TRUE(AllLedgers(*shard_, true).empty());
    ExpectInLimbo(1);
    ExpectWhole(2);
    EXPECT_EQ(shard_->Snapshot().limbo_ledgers, 1U);
    start == 0 ? Stop() : Kill();
  }
}

// The segments show less of the ledger than the index, which has all of its entries, knows.
TEST_F(DiskUndeleteTest, TheIndexKnowsOnWhatADamagedSegmentHides) {
  DropWithoutFlush(2);
  FlipLastRecordOfSegment(3);
  const auto done = Rebuild(kUndelete, kExitDamage);
  EXPECT_EQ(done["undone"], 1);
  Open();
  for (std::int64_t id = 0; id < kEntries - 1; ++id) EXPECT_EQ(ReadOne(2, id), Code::kOk) << id;
  EXPECT_EQ(AddOne(2, kEntries - 1, true), Code::kOk) << "recovery replaces what is damaged";
  Stop();
  ::testing::internal::CaptureStdout();
  DiskVerify(Session(), path_, true);
  EXPECT_THAT(::testing::internal::GetCapturedStdout(), Not(HasSubstr("overlap")));
  Open();
  ExpectInLimbo(2);
}

// Of ledger 300 nothing is left.
TEST_F(DiskUndeleteTest, ALedgerThatIsGoneForGoodTakesNothing) {
  Open();
  Add(300, 0, 5);
  Stop();
  Open();
  shard_->Drop(LedgerId(300));
  Settle();
  Kill();
  for (const auto& file : fs::directory_iterator(At("segments"))) {
    const auto name = file.path().filename().string();
    const auto dead = bookie::ParseQuarantineName(name);
    if (dead && dead->id != 1) fs::remove(file.path());
  }
  Undelete();
  for (int start = 0; start < 2; ++start) {
    Open();
    EXPECT_EQ(AddOne(300, 5), Code::kFenced);
    EXPECT_EQ(AddOne(300, 5, true), Code::kFenced);
    EXPECT_EQ(AllLedgers(*shard_, true), std::vector{LedgerId(300)});
    Kill();
  }
}

// The metadata store still says deleted.
TEST_F(DiskUndeleteTest, ALaterDeletionBuriesItForGood) {
  Undelete();
  Open();
  shard_->Drop(LedgerId(1));
  Settle();
  for (int start = 0; start < 2; ++start) {
    EXPECT_EQ(ReadOne(1, 0), Code::kNoLedger);
    EXPECT_EQ(AddOne(1, 0, true), Code::kFenced);
    Kill();
    Open();
  }
  EXPECT_TRUE(fs::exists(Quarantined(1))) << "for another time";
}

// The index is damaged later on: what was undone stays undone, what was not is repeated.
TEST_F(DiskUndeleteTest, ARebuildAfterwardsKeepsTheMark) {
  fs::remove_all(At("index"));  // the journal is replayed from its beginning, with the tombstone
  EXPECT_EQ(Undelete()["undone"], 1);
  Open();
  Add(2000, 0, 1);
  shard_->Drop(LedgerId(2000));
  while (worker_->Step()) {  // durable in the journal, which is not trimmed
  }
  Kill();
  {
    const auto db = bookie::IndexDb::Open(At("index"), nullptr).value();
    const auto batch = db->NewBatch();
    batch->Put(bookie::StateKey(LedgerId(2)), "rotten");
    ASSERT_TRUE(db->Write(*batch));
  }
  const auto done = Rebuild({.yes = true, .skip_gap = false, .undelete = false, .quiet = true});
  EXPECT_EQ(done["undone"], 1);
  EXPECT_EQ(done["deletions"], 1);
  last_id_ = 5000;
  Open();
  ExpectInLimbo(1);
  EXPECT_EQ(AllLedgers(*shard_, true), std::vector{LedgerId(2000)});
}

// The index is gone, and with it the mark.
TEST_F(DiskUndeleteTest, WithoutAnIndexTheJournalDecidesUnlessItIsSaidAgain) {
  fs::remove_all(At("index"));
  const auto looked = Rebuild({});
  EXPECT_EQ(looked["deletions"], 1);
  EXPECT_EQ(looked["quarantined"], 0);
  Rebuild({.yes = true, .skip_gap = false, .undelete = false, .quiet = true});
  Open();
  EXPECT_EQ(ReadOne(1, 0), Code::kNoLedger);
  Kill();
  fs::remove_all(At("index"));
  Undelete();
  Open();
  ExpectInLimbo(1);
  ExpectWhole(2);
}

// Compaction took what was live out of segment 2, which went into quarantine with the rest.
TEST_F(DiskUndeleteTest, WhatACompactionLeftComesBackToo) {
  Open();
  Compact();
  ASSERT_FALSE(fs::exists(At("segments/" + SegmentName(2))));
  Kill();
  const auto done = Undelete();
  EXPECT_EQ(done["quarantined"], 2);
  Open();
  ExpectInLimbo(1);
  ExpectWhole(2);
  Compact();
  ExpectInLimbo(1);
  ExpectWhole(2);
}

TEST_F(DiskUndeleteTest, ASegmentWhoseIdIsInUseStaysInQuarantine) {
  const std::string taken = At("segments/" + bookie::QuarantineName({.since = now_ + 9, .id = 2}));
  const std::string older = At("segments/" + bookie::QuarantineName({.since = now_ - 9, .id = 1}));
  for (const std::string& name : {taken, older}) std::ofstream(name) << "something else";
  const auto done = Rebuild(kUndelete, kExitDamage);
  EXPECT_EQ(done["quarantined"], 1);
  EXPECT_THAT(done.dump(), HasSubstr(SegmentName(2) + " has the same id"));
  EXPECT_TRUE(fs::exists(taken) && fs::exists(older));
  Open();
  ExpectInLimbo(1);
  ExpectWhole(2);
}

}  // namespace
}  // namespace quire::tools
