#include <gmock/gmock.h>

#include "all_ledgers.h"
#include "shard_fixture.h"

namespace quire::bookie {
namespace {

using protocol::Code;

class ShardFenceTest : public ShardFixture {};

TEST_F(ShardFenceTest, D01AFencedLedgerRefusesAddsButTakesRecoveryAdds) {  // T-35
  Add(MakeEntry(1, 0));
  FenceRead(1, 0);
  EXPECT_EQ(CodeOf(Add(MakeEntry(1, 1))), Code::kFenced);
  EXPECT_EQ(CodeOf(Add(MakeEntry(1, 0))), Code::kFenced) << "a copy from the writer as well";
  const auto repair = Add(MakeEntry(1, 1), true);
  MakeDurable();
  EXPECT_EQ(CodeOf(repair), Code::kOk);
}

TEST_F(ShardFenceTest, D02AFenceSurvivesACrash) {  // T-04
  Add(MakeEntry(1, 0));
  const auto fence = FenceRead(1, 0);
  MakeDurable();
  ASSERT_TRUE(fence->has_value());
  Restart();
  EXPECT_EQ(CodeOf(Add(MakeEntry(1, 1))), Code::kFenced);
}

TEST_F(ShardFenceTest, D03ALedgerThatWasNeverSeenCanBeFenced) {
  const auto fence = FenceRead(1, 0);
  EXPECT_FALSE(fence->has_value());
  MakeDurable();
  EXPECT_EQ(CodeOf(fence), Code::kNoEntry);
  EXPECT_EQ(CodeOf(Add(MakeEntry(1, 0))), Code::kFenced);
  Restart();
  EXPECT_EQ(CodeOf(Add(MakeEntry(1, 0))), Code::kFenced);
  EXPECT_EQ(CodeOf(Add(MakeEntry(1, 0), true, kOtherKey)), Code::kUnauthorized);
}

TEST_F(ShardFenceTest, D04EveryRacingFenceWaitsForTheRecord) {
  const auto first = FenceRead(1, 0);
  const auto second = FenceRead(1, 0);
  const auto third = Lac(1, true);
  EXPECT_EQ(fakes_.media.records.size(), 1U) << "one record for all";
  Turn();
  EXPECT_FALSE(first->has_value());
  EXPECT_FALSE(second->has_value());
  EXPECT_FALSE(third->has_value());
  MakeDurable();
  EXPECT_TRUE(first->has_value());
  EXPECT_TRUE(second->has_value());
  EXPECT_EQ(third->value().code, Code::kOk);
  const auto later = FenceRead(1, 0);
  EXPECT_TRUE(later->has_value()) << "nothing left to wait for";
}

TEST_F(ShardFenceTest, D04AFenceDoesNotWaitForWhatCameAfterIt) {
  const auto fence = FenceRead(1, 0);
  const Lsn lsn = fakes_.journal->last();
  const auto add = Add(MakeEntry(2, 0));
  const auto again = FenceRead(1, 0);
  fakes_.journal->MakeDurable(lsn);
  EXPECT_TRUE(fence->has_value());
  EXPECT_TRUE(again->has_value());
  EXPECT_FALSE(add->has_value());
}

TEST_F(ShardFenceTest, D04AFenceThatCannotBecomeDurableIsUnknown) {
  const auto fence = FenceRead(1, 0);
  const auto lac = Lac(1, true);
  fakes_.journal->events.failed(common::Error(common::Errc::kIo, "sync"));
  EXPECT_EQ(CodeOf(fence), Code::kUnknown);
  EXPECT_EQ(lac->value().code, Code::kUnknown);
}

TEST_F(ShardFenceTest, D05AWrongKeyDoesNotFence) {
  Add(MakeEntry(1, 0));
  EXPECT_EQ(CodeOf(Read(1, {0}, true, kOtherKey)), Code::kUnauthorized);
  EXPECT_EQ(Lac(1, true, 0, -1, kOtherKey)->value().code, Code::kUnauthorized);
  EXPECT_EQ(CodeOf(Read(1, {0}, true, {})), Code::kBadRequest);
  const auto add = Add(MakeEntry(1, 1));
  MakeDurable();
  EXPECT_EQ(CodeOf(add), Code::kOk);
}

TEST_F(ShardFenceTest, D07RepairDoesNotOpenAFencedLedgerAgain) {
  FenceRead(1, 0);
  const auto repair = Add(MakeEntry(1, 0), true);
  MakeDurable();
  FlushAll();
  EXPECT_EQ(CodeOf(Add(MakeEntry(1, 1))), Code::kFenced);
  Restart();
  EXPECT_EQ(CodeOf(Add(MakeEntry(1, 1))), Code::kFenced);
}

TEST_F(ShardFenceTest, D09AFenceWithoutOtherTrafficSurvivesACheckpoint) {
  Add(MakeEntry(1, 0));
  FlushAll();
  const auto fence = FenceRead(1, 0);
  Turn();
  MakeDurable();
  ASSERT_TRUE(fence->has_value());
  FlushAll();
  EXPECT_TRUE(fakes_.media.records.empty()) << "the journal was trimmed";
  Restart();
  EXPECT_EQ(CodeOf(Add(MakeEntry(1, 1))), Code::kFenced);
}

TEST_F(ShardFenceTest, D10ADenialIsNotSentBeforeTheFenceIsDurable) {  // T-03
  Add(MakeEntry(1, 5));
  FlushAll();
  const auto above = FenceRead(1, 9);  // known from memory
  const auto below = FenceRead(1, 2);  // known from a look-up
  const auto empty = Lac(1, true);
  Turn();
  EXPECT_FALSE(above->has_value());
  EXPECT_FALSE(below->has_value());
  EXPECT_FALSE(empty->has_value());
  MakeDurable();
  EXPECT_EQ(CodeOf(above), Code::kNoEntry);
  EXPECT_EQ(CodeOf(below), Code::kNoEntry);
  EXPECT_EQ(empty->value().lac, protocol::kNoEntry);
  Restart();
  EXPECT_EQ(CodeOf(Add(MakeEntry(1, 9))), Code::kFenced);
}

TEST_F(ShardFenceTest, D10APositiveAnswerWaitsAsWell) {
  Add(MakeEntry(1, 0));
  MakeDurable();
  const auto read = FenceRead(1, 0);
  EXPECT_FALSE(read->has_value());
  MakeDurable();
  EXPECT_EQ(CodeOf(read), Code::kOk);
}

TEST_F(ShardFenceTest, D11AFenceOfADeletedLedgerDeniesItAndDoesNotReviveIt) {
  Add(MakeEntry(1, 0));
  MakeDurable();
  shard_->Drop(protocol::LedgerId(1));
  const auto fence = FenceRead(1, 0);
  EXPECT_FALSE(fence->has_value()) << "the tombstone is not durable";
  MakeDurable();
  EXPECT_EQ(CodeOf(fence), Code::kNoLedger);
  EXPECT_EQ(CodeOf(Read(1, {0})), Code::kNoLedger);
  EXPECT_EQ(Lac(1)->value().code, Code::kNoLedger);
  EXPECT_EQ(CodeOf(Add(MakeEntry(1, 1))), Code::kFenced);
  Turn();
  Restart();
  EXPECT_EQ(CodeOf(FenceRead(1, 0)), Code::kNoLedger);
}

TEST_F(ShardFenceTest, D11ADeleteDuringAReadDeniesTheLedger) {
  Add(MakeEntry(1, 0));
  FlushAll();
  const auto read = Read(1, {0});
  shard_->Drop(protocol::LedgerId(1));
  Turn();
  EXPECT_EQ(CodeOf(read), Code::kNoLedger);
}

TEST_F(ShardFenceTest, D12AReadOnlyBookieTakesFencesAndRecoveryAdds) {
  Add(MakeEntry(1, 0));
  shard_->SetReadOnly(true);
  EXPECT_EQ(CodeOf(Add(MakeEntry(1, 1))), Code::kReadOnly);
  EXPECT_EQ(CodeOf(Add(MakeEntry(2, 0))), Code::kReadOnly);
  EXPECT_EQ(AllLedgers(*shard_, false).size(), 1U) << "a refused add leaves no trace";
  const auto fence = FenceRead(1, 1);
  const auto repair = Add(MakeEntry(1, 1), true);
  MakeDurable();
  EXPECT_EQ(CodeOf(fence), Code::kNoEntry);
  EXPECT_EQ(CodeOf(repair), Code::kOk);
  EXPECT_EQ(CodeOf(Add(MakeEntry(1, 2))), Code::kFenced) << "the stronger reason";
  shard_->SetReadOnly(false);
  EXPECT_EQ(modes_, (std::vector{ShardMode::kReadOnly, ShardMode::kWritable}));
}

// H03
TEST_F(ShardFenceTest, A16ADeletedLedgerRefusesAdds) {  // T-28
  Add(MakeEntry(1, 0));
  FenceRead(1, 0);
  shard_->Drop(protocol::LedgerId(1));
  EXPECT_EQ(CodeOf(Add(MakeEntry(1, 1))), Code::kFenced);
  EXPECT_EQ(CodeOf(Add(MakeEntry(1, 1), true)), Code::kFenced) << "recovery as well";
  EXPECT_EQ(WriteLac(1, 0)->value().code, Code::kFenced);
}

// G07
TEST_F(ShardFenceTest, A17ADeletedLedgerRefusesAddsAfterARestart) {
  Add(MakeEntry(1, 0));
  MakeDurable();
  shard_->Drop(protocol::LedgerId(1));
  MakeDurable();
  Restart();  // from the journal
  EXPECT_EQ(CodeOf(Add(MakeEntry(1, 1))), Code::kFenced);
  FlushAll();
  EXPECT_TRUE(fakes_.media.entries[protocol::LedgerId(1)].empty()) << "its space is given back";
  Restart();  // from the index
  EXPECT_EQ(CodeOf(Add(MakeEntry(1, 1))), Code::kFenced);
  EXPECT_EQ(AllLedgers(*shard_, true).size(), 1U);
}

// T-28: nobody in the cluster knows the ledger any more, but a late writer or recoverer may come.
TEST_F(ShardFenceTest, ASettledLedgerAnswersAsADeletedOne) {
  const protocol::LedgerId ledger(1);
  Add(MakeEntry(1, 0));
  Add(MakeEntry(2, 0));
  MakeDurable();
  shard_->Drop(ledger);
  FlushAll();
  EXPECT_FALSE(shard_->Settle(protocol::LedgerId(2))) << "it is there";
  EXPECT_FALSE(shard_->Settle(protocol::LedgerId(3))) << "never heard of it";
  EXPECT_TRUE(shard_->Settle(ledger));
  EXPECT_FALSE(shard_->Settle(ledger)) << "it is";
  for (int life = 0; life < 3; ++life) {
    EXPECT_EQ(CodeOf(Add(MakeEntry(1, 1))), Code::kFenced) << life;
    EXPECT_EQ(CodeOf(Add(MakeEntry(1, 1), true)), Code::kFenced) << "recovery as well";
    EXPECT_EQ(WriteLac(1, 0)->value().code, Code::kFenced);
    EXPECT_EQ(CodeOf(Read(1, {0})), Code::kNoLedger);
    EXPECT_EQ(CodeOf(FenceRead(1, 0)), Code::kNoLedger);
    EXPECT_EQ(Lac(1)->value().code, Code::kNoLedger);
    EXPECT_EQ(Lac(1, true)->value().code, Code::kNoLedger);
    const auto neighbour = Read(2, {0});
    Turn();
    EXPECT_EQ(CodeOf(neighbour), Code::kOk);
    shard_->Drop(ledger);  // once more, without effect
    EXPECT_EQ(fakes_.media.tombstones.Contains(ledger), life == 2);
    if (life == 1) {  // no commit had it when the process died
      EXPECT_TRUE(shard_->Settle(ledger));
      FlushAll();
    }
    Restart();
  }
  EXPECT_FALSE(fakes_.media.states.contains(ledger));
}

// A fence is told of the deletion when that is durable, not before (T-03).
TEST_F(ShardFenceTest, ATombstoneThatIsNotStoredIsNotSettled) {
  const protocol::LedgerId ledger(1);
  Add(MakeEntry(1, 0));
  MakeDurable();
  shard_->Drop(ledger);
  EXPECT_FALSE(shard_->Settle(ledger));
  const auto fence = FenceRead(1, 0);
  EXPECT_FALSE(fence->has_value());
  MakeDurable();
  EXPECT_EQ(CodeOf(fence), Code::kNoLedger);
  EXPECT_FALSE(shard_->Settle(ledger)) << "the commit with the deletion is under way";
  Restart();
  EXPECT_FALSE(shard_->Settle(ledger)) << "and so it is after a start that replayed it";
  FlushAll();
  EXPECT_TRUE(shard_->Settle(ledger));
}

TEST_F(ShardFenceTest, AReadThatIsUnderWayWhileItsLedgerIsSettledFindsNone) {
  const protocol::LedgerId ledger(1);
  Add(MakeEntry(1, 0));
  FlushAll();
  const auto read = Read(1, {0});
  shard_->Drop(ledger);
  MakeDurable();
  loop_.RunAll();
  EXPECT_TRUE(shard_->Settle(ledger));
  Turn();
  EXPECT_EQ(CodeOf(read), Code::kNoLedger);
}

TEST_F(ShardFenceTest, LimboNeverDenies) {  // I10
  fakes_.media.states[protocol::LedgerId(1)] = {.key = kKey, .fenced = true, .limbo = true};
  shard_.reset();
  Open();
  EXPECT_EQ(CodeOf(Read(1, {0})), Code::kUnknown);
  EXPECT_EQ(CodeOf(FenceRead(1, 0)), Code::kUnknown);
  EXPECT_EQ(Lac(1)->value().code, Code::kUnknown);
  EXPECT_EQ(CodeOf(Add(MakeEntry(1, 0))), Code::kFenced);
  const auto repair = Add(MakeEntry(1, 3), true);
  MakeDurable();
  EXPECT_EQ(CodeOf(repair), Code::kOk);
  EXPECT_EQ(CodeOf(Read(1, {3})), Code::kOk) << "what is here is given";
  FlushAll();
  const auto below = Read(1, {1});
  Turn();
  EXPECT_EQ(CodeOf(below), Code::kUnknown);
}

}  // namespace
}  // namespace quire::bookie
