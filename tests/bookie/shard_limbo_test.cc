#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "all_ledgers.h"
#include "bookie/index_format.h"
#include "shard_fixture.h"

namespace quire::bookie {
namespace {

using common::Errc;
using protocol::Code;
using protocol::LedgerId;
using ::testing::HasSubstr;

// A shard whose index was rebuilt: ledger 5 was found in a segment.
class ShardLimboTest : public ShardFixture {
 protected:
  void SetUp() override {
    fakes_.media.limbo_floor = kLimboEverywhere;
    fakes_.media.states[LedgerId(5)] = {
        .key = {}, .fenced = true, .limbo = true, .last_entry = protocol::EntryId(1)};
    fakes_.media.entries[LedgerId(5)][protocol::EntryId(1)] = MakeEntry(5, 1);
    Open();
  }

  // A shard that is gone again on return, and how it opened.
  common::Result<void> OpenAnother() {
    Shard shard(loop_, protocol::BookieId{.high = 1, .low = 2},
                ShardResources{.journal_disk = disk_,
                               .store_disk = disk_,
                               .journal_worker = worker_,
                               .flush_worker = worker_,
                               .readers = {&reader_},
                               .new_ledger_id = [this] { return new_ledger_id_; }},
                options_, Log(), Shard::Events{});
    return shard.Open(fakes_.storage());
  }

  Code ListCode(std::int64_t ledger) {
    std::optional<Code> code;
    shard_->ListEntries({.bookie = {}, .ledger = LedgerId(ledger), .from = protocol::EntryId(0)},
                        [&](const protocol::ListEntriesReply& reply) { code = reply.code; });
    Turn();
    return code.value();
  }
};

TEST_F(ShardLimboTest, I09WhatIsHereIsGivenAndNothingElseIsDenied) {
  const auto stored = Read(5, {1});
  const auto gap = Read(5, {0});
  Turn();
  EXPECT_EQ(CodeOf(stored), Code::kOk);
  EXPECT_EQ(CodeOf(gap), Code::kUnknown);
  EXPECT_EQ(CodeOf(Read(5, {2})), Code::kUnknown);
  EXPECT_EQ(Lac(5)->value().code, Code::kUnknown);
  EXPECT_EQ(ListCode(5), Code::kUnknown);
}

// I08: of those below the floor nothing is certain though nothing of them is here.
TEST_F(ShardLimboTest, I08ALedgerThatIsNotKnownHereIsInLimboToo) {
  EXPECT_EQ(CodeOf(Read(7, {0})), Code::kUnknown);
  EXPECT_EQ(Lac(7)->value().code, Code::kUnknown);
  EXPECT_EQ(Lac(7, false, 1000)->value().code, Code::kUnknown) << "nothing to wait for";
  EXPECT_EQ(ListCode(7), Code::kUnknown);
  const auto fencing = FenceRead(7, 0);
  const auto lac = Lac(8, true);
  MakeDurable();
  EXPECT_EQ(CodeOf(fencing), Code::kUnknown);
  EXPECT_EQ(lac->value().code, Code::kUnknown);
  EXPECT_EQ(CodeOf(Read(999, {0})), Code::kUnknown);
  EXPECT_EQ(CodeOf(Read(1000, {0})), Code::kNoLedger) << "the floor itself is new";
}

// T-17, T-18: its fence may have been in the index that was lost.
TEST_F(ShardLimboTest, NoWriterOfBeforeIsAccepted) {
  EXPECT_EQ(CodeOf(Add(MakeEntry(5, 2))), Code::kFenced);
  EXPECT_EQ(CodeOf(Add(MakeEntry(7, 0))), Code::kFenced);
  EXPECT_EQ(CodeOf(Read(7, {0})), Code::kUnknown) << "the refused add left nothing";
  const auto fresh = Add(MakeEntry(1000, 0));
  MakeDurable();
  EXPECT_EQ(CodeOf(fresh), Code::kOk);
}

TEST_F(ShardLimboTest, ARepairIsAcceptedAndLeavesTheLedgerInLimbo) {
  const auto repair = Add(MakeEntry(7, 3), true);
  MakeDurable();
  EXPECT_EQ(CodeOf(repair), Code::kOk);
  EXPECT_EQ(CodeOf(Read(7, {3})), Code::kOk);
  for (int start = 0; start < 2; ++start) {
    EXPECT_EQ(CodeOf(Read(7, {4})), Code::kUnknown);
    EXPECT_EQ(CodeOf(Add(MakeEntry(7, 4))), Code::kFenced);
    EXPECT_EQ(CodeOf(Add(MakeEntry(7, 4), true, kOtherKey)), Code::kUnauthorized);
    Restart();  // the repair is in the journal only
  }
}

// What was replayed was not whole: a fence in front of it may have been trimmed.
TEST_F(ShardLimboTest, WhatTheJournalBringsIsInLimboToo) {
  shard_.reset();
  fakes_.media.limbo_floor = LedgerId(0);
  Open();
  static_cast<void>(Add(MakeEntry(7, 0)));
  MakeDurable();
  fakes_.media.limbo_floor = kLimboEverywhere;  // the index is lost and rebuilt meanwhile
  Restart();
  EXPECT_EQ(CodeOf(Read(7, {0})), Code::kOk);
  EXPECT_EQ(CodeOf(Read(7, {1})), Code::kUnknown);
  EXPECT_EQ(CodeOf(Add(MakeEntry(7, 1))), Code::kFenced);
  EXPECT_EQ(fakes_.media.limbo_floor, LedgerId(1000));
}

TEST_F(ShardLimboTest, TheFloorIsFixedOnceAndStays) {
  EXPECT_EQ(ids_drawn_, 1);
  EXPECT_EQ(fakes_.media.limbo_floor, LedgerId(1000));
  new_ledger_id_ = LedgerId(2000);
  Restart();
  EXPECT_EQ(ids_drawn_, 1);
  EXPECT_EQ(CodeOf(Read(999, {0})), Code::kUnknown);
  EXPECT_EQ(CodeOf(Read(1000, {0})), Code::kNoLedger);
  EXPECT_EQ(shard_->Snapshot().limbo_floor, LedgerId(1000));
  EXPECT_EQ(shard_->Snapshot().limbo_ledgers, 1U);
}

TEST_F(ShardLimboTest, WithoutAFloorItDoesNotOpen) {
  shard_.reset();
  fakes_.media.limbo_floor = kLimboEverywhere;
  new_ledger_id_ = common::Fail(Errc::kMetadataUnavailable, "away");
  const auto opened = OpenAnother();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Errc::kMetadataUnavailable);
  EXPECT_EQ(fakes_.media.limbo_floor, kLimboEverywhere);
}

// T-17, T-31: /ids was lost too. Other ledgers of the time before would be above the floor, and
// denied.
TEST_F(ShardLimboTest, AFloorBelowALedgerThatIsHereIsRefused) {
  shard_->Drop(LedgerId(700));
  static_cast<void>(Add(MakeEntry(1234, 0)));  // will be in the journal only
  MakeDurable();
  shard_.reset();
  fakes_.media.limbo_floor = kLimboEverywhere;
  for (const std::int64_t id : {1, 700, 1234}) {
    new_ledger_id_ = LedgerId(id);
    const auto opened = OpenAnother();
    ASSERT_FALSE(opened) << id;
    EXPECT_EQ(opened.error().code(), Errc::kCorrupt);
    EXPECT_THAT(opened.error().context(), HasSubstr("/ids in the metadata store"));
    EXPECT_THAT(opened.error().context(), HasSubstr("1234 or more"));
    EXPECT_EQ(fakes_.media.limbo_floor, kLimboEverywhere);
  }
  new_ledger_id_ = LedgerId(1235);
  Open();
  EXPECT_EQ(fakes_.media.limbo_floor, LedgerId(1235));
  EXPECT_EQ(CodeOf(Add(MakeEntry(1234, 1))), Code::kFenced);
}

// What 'quire disk rebuild-index --undelete' leaves: an index without tombstones beside a journal
// that has them.
class ShardUndeletedTest : public ShardLimboTest {
 protected:
  void SetUp() override {
    ShardLimboTest::SetUp();
    fakes_.media.states[LedgerId(6)] = {.key = kKey, .last_entry = protocol::EntryId(1)};
    fakes_.media.entries[LedgerId(6)][protocol::EntryId(1)] = MakeEntry(6, 1);
    Restart();
    for (const std::int64_t ledger : {5, 6}) shard_->Drop(LedgerId(ledger));
    MakeDurable();
    fakes_.media.undeleted_below = fakes_.media.last + 1;
  }
};

TEST_F(ShardUndeletedTest, ATombstoneBelowTheMarkDoesNotCount) {
  for (int start = 0; start < 3; ++start) {
    Restart();
    EXPECT_TRUE(AllLedgers(*shard_, true).empty());
    EXPECT_EQ(shard_->Snapshot().limbo_ledgers, 2U);
    for (const std::int64_t ledger : {5, 6}) {
      const auto stored = Read(ledger, {1});
      Turn();
      EXPECT_EQ(CodeOf(stored), Code::kOk);
      EXPECT_EQ(CodeOf(Read(ledger, {2})), Code::kUnknown) << "a fence of it was answered";
      EXPECT_EQ(CodeOf(Add(MakeEntry(ledger, 2))), Code::kFenced);
    }
    const std::int64_t fresh = 2000 + start;  // records behind the mark are as ever
    const auto added = Add(MakeEntry(fresh, 0));
    MakeDurable();
    EXPECT_EQ(CodeOf(added), Code::kOk);
    EXPECT_EQ(CodeOf(Read(fresh, {1})), Code::kNoEntry);
  }
}

TEST_F(ShardUndeletedTest, ALaterTombstoneOfTheSameLedgerCounts) {
  Restart();
  shard_->Drop(LedgerId(6));
  MakeDurable();
  for (int start = 0; start < 2; ++start) {
    Restart();
    EXPECT_EQ(CodeOf(Read(6, {1})), Code::kNoLedger);
    EXPECT_EQ(CodeOf(Add(MakeEntry(6, 2), true)), Code::kFenced);
    EXPECT_EQ(AllLedgers(*shard_, true), std::vector{LedgerId(6)});
  }
}

// The tool saw records that no sync had made durable; a power cut took them, and others get their
// numbers.
TEST_F(ShardUndeletedTest, AMarkAboveTheJournalIsLowered) {
  const Lsn next = fakes_.media.last + 1;
  fakes_.media.undeleted_below = next + 5;
  Restart();
  EXPECT_EQ(fakes_.media.undeleted_below, next);
  shard_->Drop(LedgerId(6));
  MakeDurable();
  Restart();
  EXPECT_EQ(AllLedgers(*shard_, true), std::vector{LedgerId(6)});
}

// A rebuild brings deleted ledgers back; the collector buries them again.
TEST_F(ShardLimboTest, ALedgerInLimboCanBeDropped) {
  shard_->Drop(LedgerId(5));
  MakeDurable();
  EXPECT_EQ(CodeOf(Read(5, {1})), Code::kNoLedger);
  EXPECT_EQ(CodeOf(Add(MakeEntry(5, 2), true)), Code::kFenced);
  EXPECT_EQ(shard_->Snapshot().limbo_ledgers, 0U);
}

}  // namespace
}  // namespace quire::bookie
