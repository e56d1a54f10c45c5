// How much goes, what is believed, and what an operator consents to.
#include <gmock/gmock.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "collector_fixture.h"

namespace quire::bookie {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(CollectorTest, AnEmptiedMetadataStoreDoesNotEmptyABookie) {
  collection_.max_drop_percent = 40;
  Collect();
  Make(24);
  MarkDeleted(ids_[23]);
  for (std::size_t i = 0; i < 11; ++i) Erase(ids_[i]);
  for (int round = 0; round < 4; ++round) Round();
  EXPECT_THAT(AllLedgers(*shard_, true), IsEmpty()) << "not even the one that looks deleted";
  EXPECT_THAT(log_, HasSubstr("does not have 11 of 24"));
  EXPECT_EQ(log_.find("stands still"), log_.rfind("stands still")) << "said once";
  EXPECT_FALSE(collector_->stats().believed);
  EXPECT_EQ(collector_->stats().missing, 11U);
  EXPECT_EQ(collector_->stats().held_back, 12U);
}

// However few they are, and whatever share may go.
TEST_F(CollectorTest, AnEmptiedMetadataStoreDoesNotEmptyASmallBookie) {
  for (const std::uint32_t percent : {0U, 10U, 100U}) {
    collection_.max_drop_percent = percent;
    Collect();
    if (ids_.empty()) Make(5);
    for (const LedgerId id : ids_) {
      if (Known(id)) Erase(id);
    }
    for (int round = 0; round < 4; ++round) Round();
    EXPECT_EQ(AllLedgers(*shard_, false).size(), 5U) << percent;
    EXPECT_FALSE(collector_->stats().believed);
    EXPECT_EQ(collector_->stats().held_back, 5U);
  }
  EXPECT_THAT(log_, HasSubstr("does not have 5 of 5"));
  EXPECT_EQ(collector_->Consent(), 5U);
  Round();
  EXPECT_EQ(AllLedgers(*shard_, true).size(), 5U);
}

// One of five is more than a tenth.
TEST_F(CollectorTest, AMissingRecordOfASmallBookieNeedsConsent) {
  collection_.max_drop_percent = 10;
  Collect();
  Make(5);
  Erase(ids_[0]);
  for (int round = 0; round < 4; ++round) Round();
  EXPECT_THAT(AllLedgers(*shard_, true), IsEmpty());
  EXPECT_THAT(log_, HasSubstr("does not have 1 of 5"));
  EXPECT_EQ(collector_->Consent(), 1U);
  Round();
  EXPECT_THAT(AllLedgers(*shard_, true), ElementsAre(ids_[0]));
}

TEST_F(CollectorTest, AFewDeletedLedgersMayAlwaysGo) {
  collection_.max_drop_percent = 1;
  Collect();
  Make(12);
  for (std::size_t i = 0; i < 11; ++i) MarkDeleted(ids_[i]);
  Round();
  EXPECT_EQ(AllLedgers(*shard_, true).size(), 10U);
}

TEST_F(CollectorTest, WithZeroPercentNothingGoesWithoutConsent) {
  collection_.max_drop_percent = 0;
  Collect();
  Make(3);
  MarkDeleted(ids_[0]);
  Round();
  Round();
  EXPECT_THAT(AllLedgers(*shard_, true), IsEmpty());
  EXPECT_THAT(log_, HasSubstr("1 ledgers may go and are held back: nothing goes without consent"));
  EXPECT_EQ(collector_->Consent(), 1U);
  Round();
  EXPECT_THAT(AllLedgers(*shard_, true), ElementsAre(ids_[0]));
}

TEST_F(CollectorTest, OfManyDeletedLedgersAShareGoesInEachRound) {
  collection_.max_drop_percent = 25;
  collection_.always_droppable = 1;
  Collect();
  Make(20);
  for (std::size_t i = 0; i < 16; ++i) MarkDeleted(ids_[i]);
  Round();
  EXPECT_EQ(AllLedgers(*shard_, true).size(), 5U);
  EXPECT_EQ(collector_->stats().held_back, 11U);
  EXPECT_TRUE(collector_->stats().believed);
  EXPECT_THAT(log_, HasSubstr("11 ledgers may go and are held back: a round takes no more than 5"));
  Round();
  EXPECT_EQ(AllLedgers(*shard_, true).size(), 8U) << "a quarter of the 15 that are left";
  for (int round = 0; round < 12; ++round) Round();
  EXPECT_EQ(AllLedgers(*shard_, true).size(), 16U);
  EXPECT_EQ(collector_->stats().held_back, 0U);
}

// Another bookie purges the record while this one still waits to drop its copy.
TEST_F(CollectorTest, WhatSaidDeletedOnceNeedsNoAbsence) {
  collection_.always_droppable = 1;
  Collect();
  Make(3);
  MarkDeleted(ids_[0]);
  MarkDeleted(ids_[1]);
  Round();
  EXPECT_THAT(AllLedgers(*shard_, true), ElementsAre(ids_[0]));
  Erase(ids_[1]);
  Round();
  EXPECT_THAT(AllLedgers(*shard_, true), ElementsAre(ids_[0], ids_[1]));
}

// The wrong metadata store was put right in time.
TEST_F(CollectorTest, ARecordThatIsNotDeletedAfterAllTakesTheVerdictBack) {
  collection_.always_droppable = 1;
  Collect();
  Make(3);
  const std::string path = metadata::LedgerStore::Path(ids_[1]);
  const std::string value = tree_->Read(path)->value;
  MarkDeleted(ids_[0]);
  MarkDeleted(ids_[1]);
  Round();
  Erase(ids_[1]);
  ASSERT_TRUE(tree_->Create(path, value, 0));
  for (int round = 0; round < 3; ++round) Round();
  EXPECT_THAT(AllLedgers(*shard_, true), ElementsAre(ids_[0]));
}

TEST_F(CollectorTest, ConsentLetsGoWhatIsHeldBackThenAndNothingElse) {
  collection_.absence_interval = 2 * kInterval;
  collection_.max_drop_percent = 10;
  Collect();
  Make(30);
  EXPECT_EQ(collector_->Consent(), 0U) << "there is nothing to consent to";
  for (std::size_t i = 0; i < 11; ++i) Erase(ids_[i]);
  Round();
  Round();
  EXPECT_EQ(collector_->Consent(), 0U) << "not before the second absence";
  Round();
  EXPECT_EQ(collector_->stats().held_back, 11U);
  // What goes missing later was not consented to.
  for (std::size_t i = 11; i < 25; ++i) Erase(ids_[i]);
  EXPECT_EQ(collector_->Consent(), 11U);
  EXPECT_EQ(collector_->stats().consented, 11U);
  loop_.Advance({});  // at once
  Turn();
  EXPECT_EQ(AllLedgers(*shard_, true).size(), 11U);
  EXPECT_EQ(collector_->stats().consented, 0U) << "for one round";
  for (int round = 0; round < 4; ++round) Round();
  EXPECT_EQ(AllLedgers(*shard_, true).size(), 11U);
  EXPECT_EQ(collector_->stats().held_back, 14U);
  EXPECT_THAT(log_, HasSubstr("an operator consents"));
}

// The round under way must not forget it when it ends.
TEST_F(CollectorTest, ConsentWhileARoundStillDropsIsForTheNextOne) {
  constexpr std::size_t kAllowance = Collector::kDropping.steps + 1;
  const auto go_on = [this] {
    for (int slice = 0; slice < 4; ++slice) {
      loop_.Advance(Collector::kDropping.pause);
      Turn();
    }
  };
  collection_.max_drop_percent = 1;
  collection_.always_droppable = kAllowance;
  Collect();
  Make(static_cast<int>(2 * kAllowance + 10));
  for (const LedgerId id : ids_) MarkDeleted(id);
  Round();
  go_on();
  EXPECT_EQ(collector_->stats().held_back, kAllowance + 10);
  Round();
  EXPECT_EQ(collector_->stats().rounds, 2U);
  EXPECT_EQ(AllLedgers(*shard_, false).size(), 11U) << "the second round still drops";
  EXPECT_EQ(collector_->Consent(), 11U);
  go_on();
  EXPECT_EQ(collector_->stats().rounds, 3U);
  EXPECT_THAT(AllLedgers(*shard_, false), IsEmpty());
}

TEST_F(CollectorTest, ConsentOutlivesARoundThatTheMetadataStoreFails) {
  collection_.max_drop_percent = 10;
  Collect();
  Make(5);
  for (const LedgerId id : ids_) Erase(id);
  Round();
  Round();
  EXPECT_EQ(collector_->Consent(), 5U);
  faulty_.FailReads(3);
  loop_.Advance({});
  Turn();
  EXPECT_THAT(AllLedgers(*shard_, true), IsEmpty());
  EXPECT_EQ(collector_->stats().consented, 5U);
  EXPECT_EQ(collector_->stats().held_back, 5U);
  Round();
  EXPECT_EQ(AllLedgers(*shard_, true), ids_);
  EXPECT_EQ(collector_->stats().consented, 0U);
}

// A rebuilt index has the deleted ledgers again, and they may be most of what it has; with an old
// copy of the metadata store it looks the same.
TEST_F(CollectorTest, OfLedgersInLimboNoMoreMayBeMissingThanOfOthers) {
  Make(12);
  IntoLimbo();
  for (std::size_t i = 1; i < 12; ++i) Erase(ids_[i]);
  for (int round = 0; round < 4; ++round) Round();
  EXPECT_THAT(AllLedgers(*shard_, true), IsEmpty());
  EXPECT_THAT(log_, HasSubstr("does not have 11 of 12"));
  EXPECT_EQ(collector_->Consent(), 11U);
  Round();
  EXPECT_THAT(AllLedgers(*shard_, false), ElementsAre(ids_[0]));
}

TEST_F(CollectorTest, AnEmptiedMetadataStoreIsNotBelievedOfLimboEither) {
  Make(12);
  IntoLimbo();
  for (const LedgerId id : ids_) Erase(id);
  Round();
  Round();
  EXPECT_THAT(AllLedgers(*shard_, true), IsEmpty());
  EXPECT_THAT(log_, HasSubstr("does not have 12 of 12"));
}

}  // namespace
}  // namespace quire::bookie
