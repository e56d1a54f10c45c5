#include "bookie/collector.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "collector_fixture.h"

namespace quire::bookie {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// H05
TEST_F(CollectorTest, KeepsLedgersThatAreThere) {
  Make(3);
  Round();
  Round();
  EXPECT_EQ(AllLedgers(*shard_, false), ids_);
}

TEST_F(CollectorTest, BuriesADeletedLedgerAndGivesItsSpaceBack) {
  Make(2);
  FlushAll();
  MarkDeleted(ids_[0]);
  Round();
  EXPECT_THAT(AllLedgers(*shard_, false), ElementsAre(ids_[1]));
  EXPECT_THAT(AllLedgers(*shard_, true), ElementsAre(ids_[0]));
  EXPECT_FALSE(fakes_.media.entries.contains(ids_[0]));
  EXPECT_TRUE(fakes_.media.entries.contains(ids_[1]));
  EXPECT_EQ(CodeOf(Add(MakeEntry(ids_[0].value(), 1))), protocol::Code::kFenced);  // A16
  Restart();                                                                       // A17
  EXPECT_EQ(CodeOf(Add(MakeEntry(ids_[0].value(), 1))), protocol::Code::kFenced);
}

// Very many deletions do not hold the loop: between the slices it serves whoever asks.
TEST_F(CollectorTest, H17DropsASliceAtATime) {
  constexpr std::size_t kSlice = Collector::kDropping.steps;
  Make(static_cast<int>(2 * kSlice + kSlice / 2));
  for (const LedgerId id : ids_) MarkDeleted(id);
  wall_ms_ += std::chrono::milliseconds(kInterval).count();
  collection_.max_drop_percent = 100;
  Collect();
  loop_.Advance(kInterval);
  for (int slice = 1; slice <= 3; ++slice) {
    Turn();
    const auto buried = AllLedgers(*shard_, true).size();
    EXPECT_EQ(buried, std::min(kSlice * static_cast<std::size_t>(slice), ids_.size()));
    const auto last = Read(ids_.back().value(), {0});
    Turn();
    EXPECT_EQ(CodeOf(last), slice < 3 ? protocol::Code::kOk : protocol::Code::kNoLedger);
    EXPECT_EQ(collector_->stats().rounds, 1U);
    EXPECT_EQ(collector_->stats().dropped, slice < 3 ? 0U : ids_.size());
    loop_.Advance(Collector::kDropping.pause);
  }
  MakeDurable();
  Turn();
  std::size_t with_deletions = 0;
  for (const auto& commit : fakes_.store->commits) with_deletions += commit.dropped.empty() ? 0 : 1;
  EXPECT_EQ(with_deletions, 1U) << "one for all";
  EXPECT_TRUE(fakes_.media.entries.empty());
}

// Of a round that a crash ends in the middle, the next process does the rest.
TEST_F(CollectorTest, ACrashBetweenTwoSlicesLeavesTheRestForLater) {
  constexpr std::size_t kSlice = Collector::kDropping.steps;
  Make(static_cast<int>(kSlice + 10));
  for (const LedgerId id : ids_) MarkDeleted(id);
  collection_.max_drop_percent = 100;
  Collect();
  loop_.Advance(kInterval);
  Turn();
  EXPECT_EQ(AllLedgers(*shard_, true).size(), kSlice);
  MakeDurable();
  collector_.reset();
  Restart();
  EXPECT_EQ(AllLedgers(*shard_, true).size(), kSlice);
  Collect();
  Round();
  EXPECT_EQ(AllLedgers(*shard_, true).size(), ids_.size());
}

TEST_F(CollectorTest, AMissingRecordMustBeSeenTwice) {  // T-30
  Make(2);
  Erase(ids_[0]);
  Round();
  EXPECT_THAT(AllLedgers(*shard_, true), IsEmpty());
  Round();
  EXPECT_THAT(AllLedgers(*shard_, true), ElementsAre(ids_[0]));
}

TEST_F(CollectorTest, ARecordThatComesBackStartsTheCountAgain) {
  Make(2);
  const std::string path = metadata::LedgerStore::Path(ids_[0]);
  const std::string value = tree_->Read(path)->value;
  Erase(ids_[0]);
  Round();
  ASSERT_TRUE(tree_->Create(path, value, 0));
  Round();
  Erase(ids_[0]);
  Round();
  EXPECT_THAT(AllLedgers(*shard_, true), IsEmpty());
  Round();
  EXPECT_THAT(AllLedgers(*shard_, true), ElementsAre(ids_[0]));
}

TEST_F(CollectorTest, TheTwoAbsencesAreTheConfiguredTimeApart) {  // T-30
  collection_.absence_interval = 5 * kInterval / 2;
  Collect();
  Make(2);
  Erase(ids_[0]);
  for (int round = 0; round < 3; ++round) {
    Round();
    EXPECT_THAT(AllLedgers(*shard_, true), IsEmpty()) << round;
  }
  Round();
  EXPECT_THAT(AllLedgers(*shard_, true), ElementsAre(ids_[0]));
  EXPECT_EQ(collector_->stats().dropped, 1U);
}

TEST_F(CollectorTest, TriggeredRoundsDoNotShortenTheTimeBetweenTheTwoAbsences) {
  Make(2);
  Erase(ids_[0]);
  for (int i = 0; i < 5; ++i) {
    collector_->Trigger();
    loop_.Advance({});
    Turn();
  }
  EXPECT_EQ(collector_->stats().rounds, 5U);
  EXPECT_EQ(collector_->stats().missing, 1U);
  EXPECT_THAT(AllLedgers(*shard_, true), IsEmpty());
}

TEST_F(CollectorTest, AnotherClustersMetadataIsNotBelieved) {
  Make(2);
  MarkDeleted(ids_[0]);
  const auto instance = tree_->Read("/instance");
  ASSERT_TRUE(instance);
  ASSERT_TRUE(tree_->Delete("/instance", instance->version));
  metadata::InitCluster(store_, {.high = 9, .low = 9}, 1, [](const common::Result<void>&) {});
  RunMetadata();
  Round();
  Round();
  EXPECT_THAT(AllLedgers(*shard_, true), IsEmpty());
  EXPECT_THAT(log_, HasSubstr("not that of cluster"));
}

TEST_F(CollectorTest, ADeletedLedgerWithAnotherKeyIsNotOurs) {
  Make(1);
  Add(MakeEntry(500, 0));
  metadata::LedgerMetadata stranger;
  stranger.id = LedgerId(500);
  stranger.key = kOtherKey;
  stranger.replication = {.ensemble = 1, .write_quorum = 1, .ack_quorum = 1};
  stranger.segments[protocol::EntryId(0)] = {protocol::BookieId{.high = 1, .low = 2}};
  stranger.state = metadata::LedgerState::kDeleted;
  stranger.deleted_ms = wall_ms_;
  stranger.writer = {.high = 1, .low = 1};
  std::optional<common::Result<metadata::Version>> made;
  store_.Create(metadata::LedgerStore::Path(stranger.id), metadata::EncodeLedger(stranger),
                metadata::NodeKind::kPersistent,
                [&](common::Result<metadata::Version> result) { made = std::move(result); });
  RunMetadata();
  ASSERT_TRUE(made && made->has_value());
  Round();
  Round();
  EXPECT_THAT(AllLedgers(*shard_, true), IsEmpty());
}

TEST_F(CollectorTest, ARecordIsPurgedAfterItsGraceTime) {
  Make(2);
  MarkDeleted(ids_[0]);
  for (int minute = 0; minute < 60; minute += 10) {
    Round();
    EXPECT_TRUE(Known(ids_[0])) << minute;
  }
  Round();
  EXPECT_FALSE(Known(ids_[0]));
  EXPECT_TRUE(Known(ids_[1]));
}

// A bookie that runs for years deletes millions: what is purged is asked for no more, in no life.
TEST_F(CollectorTest, WhatIsPurgedIsSettledAndNeverAskedForAgain) {
  Make(3);
  MarkDeleted(ids_[0]);
  for (int round = 0; round < 9; ++round) Round();
  EXPECT_FALSE(Known(ids_[0]));
  EXPECT_THAT(shard_->tombstones().Ids(), ElementsAre(ids_[0]));
  FlushAll();
  collector_.reset();
  Restart();
  Collect();
  const auto before = faulty_.reads();
  Round();
  EXPECT_EQ(faulty_.reads() - before, 2);
  EXPECT_THAT(AllLedgers(*shard_, false), ElementsAre(ids_[1], ids_[2]));
  EXPECT_EQ(CodeOf(Add(MakeEntry(ids_[0].value(), 1))), protocol::Code::kFenced);
}

TEST_F(CollectorTest, WhatACrashForgotToSettleIsAskedForOnceMore) {
  Make(2);
  MarkDeleted(ids_[0]);
  for (int round = 0; round < 9; ++round) Round();
  EXPECT_THAT(shard_->tombstones().Ids(), ElementsAre(ids_[0]));
  collector_.reset();
  Restart();  // no commit has it
  EXPECT_THAT(shard_->tombstones().Ids(), IsEmpty());
  EXPECT_THAT(AllLedgers(*shard_, true), ElementsAre(ids_[0]));
  Collect();
  Round();
  EXPECT_THAT(shard_->tombstones().Ids(), ElementsAre(ids_[0]));
}

// An emptied store has no records either, and may be put right.
TEST_F(CollectorTest, AnAbsenceThatIsNotBelievedIsNoPurge) {
  collection_.max_drop_percent = 10;
  Collect();
  Make(4);
  MarkDeleted(ids_[0]);
  Round();
  for (const LedgerId id : ids_) Erase(id);
  Round();
  EXPECT_FALSE(collector_->stats().believed);
  EXPECT_THAT(shard_->tombstones().Ids(), IsEmpty());
  EXPECT_THAT(AllLedgers(*shard_, true), ElementsAre(ids_[0]));
}

TEST_F(CollectorTest, APurgeThatARestartInterruptedIsDoneLater) {
  Make(1);
  MarkDeleted(ids_[0]);
  Round();
  FlushAll();
  collector_.reset();
  Restart();
  Collect();
  for (int round = 0; round < 7; ++round) Round();
  EXPECT_FALSE(Known(ids_[0]));
}

}  // namespace
}  // namespace quire::bookie
