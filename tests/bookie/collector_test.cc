#include "bookie/collector.h"

#include <gmock/gmock.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "common/random.h"
#include "metadata/memory_store.h"
#include "metadata/registry.h"
#include "shard_fixture.h"
#include "tests/metadata/faulty_store.h"

namespace quire::bookie {
namespace {

using protocol::LedgerId;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A shard with ledgers 0, 1, ... and a metadata store that knows them.
class CollectorTest : public ShardFixture {
 protected:
  static constexpr auto kInterval = std::chrono::seconds(600);

  void SetUp() override {
    ShardFixture::SetUp();
    metadata::InitCluster(store_, kInstance, 1, [](const common::Result<void>&) {});
    RunMetadata();
    Collect();
  }
  void TearDown() override { collector_.reset(); }

  void Collect() {
    collector_ = std::make_unique<Collector>(
        Collector::Environment{
            .loop = loop_,
            .shard = *shard_,
            .metadata = store_,
            .ledgers = ledgers_,
            .instance = kInstance,
            .wall_ms = [this] { return wall_ms_; },
            .log = Log([this](LogLevel, std::string_view line) { log_ += std::string(line); })},
        collection_);
    collector_->Start();
  }

  void RunMetadata() { Turn(); }

  // Makes so many ledgers, in the metadata store and on the shard.
  void Make(int count) {
    for (int i = 0; i < count; ++i) {
      metadata::LedgerMetadata ledger;
      ledger.replication = {.ensemble = 1, .write_quorum = 1, .ack_quorum = 1};
      ledger.segments[protocol::EntryId(0)] = {protocol::BookieId{.high = 1, .low = 2}};
      std::optional<metadata::VersionedLedger> made;
      ledgers_.Create(ledger, [&](common::Result<metadata::VersionedLedger> result) {
        ASSERT_TRUE(result) << result.error().ToString();
        made = *result;
      });
      RunMetadata();
      ASSERT_TRUE(made);
      ids_.push_back(made->value->id);
      Add(MakeEntry(ids_.back().value(), 0), false, made->value->key);
    }
    MakeDurable();
  }
  void MarkDeleted(LedgerId id) {
    ledgers_.MarkDeleted(id, wall_ms_, std::chrono::seconds(1), [](const common::Result<void>&) {});
    RunMetadata();
  }
  // As a rebuilt index has them.
  void IntoLimbo() {
    FlushAll();
    collector_.reset();
    for (auto& [ledger, state] : fakes_.media.states) {
      state = {.key = {}, .fenced = true, .limbo = true, .last_entry = state.last_entry};
    }
    Restart();
    Collect();
  }
  // As if the record had never been there.
  void Erase(LedgerId id) {
    const std::string path = metadata::LedgerStore::Path(id);
    const auto found = tree_->Read(path);
    ASSERT_TRUE(found);
    ASSERT_TRUE(tree_->Delete(path, found->version));
  }
  bool Known(LedgerId id) { return tree_->Read(metadata::LedgerStore::Path(id)).has_value(); }
  void Round() {
    wall_ms_ += std::chrono::milliseconds(kInterval).count();
    loop_.Advance(kInterval);
    Turn();
    MakeDurable();
    Turn();
  }

  static constexpr protocol::InstanceId kInstance{.high = 4, .low = 2};

  // Of two ledgers one may be missing.
  CollectorOptions collection_{
      .interval = kInterval, .absence_interval = kInterval, .max_drop_percent = 50};
  std::int64_t wall_ms_ = 1'700'000'000'000;
  common::Random random_{3};
  std::shared_ptr<metadata::MemoryTree> tree_ = std::make_shared<metadata::MemoryTree>();
  metadata::MemoryStore store_{loop_, tree_};
  metadata::FaultyStore faulty_{loop_, store_};
  metadata::LedgerStore ledgers_{loop_, faulty_, random_};
  std::vector<LedgerId> ids_;
  std::unique_ptr<Collector> collector_;
};

// H05
TEST_F(CollectorTest, KeepsLedgersThatAreThere) {
  Make(3);
  Round();
  Round();
  EXPECT_EQ(shard_->Ledgers(false), ids_);
}

TEST_F(CollectorTest, BuriesADeletedLedgerAndGivesItsSpaceBack) {
  Make(2);
  FlushAll();
  MarkDeleted(ids_[0]);
  Round();
  EXPECT_THAT(shard_->Ledgers(false), ElementsAre(ids_[1]));
  EXPECT_THAT(shard_->Ledgers(true), ElementsAre(ids_[0]));
  EXPECT_FALSE(fakes_.media.entries.contains(ids_[0]));
  EXPECT_TRUE(fakes_.media.entries.contains(ids_[1]));
  EXPECT_EQ(CodeOf(Add(MakeEntry(ids_[0].value(), 1))), protocol::Code::kFenced);  // A16
  Restart();                                                                       // A17
  EXPECT_EQ(CodeOf(Add(MakeEntry(ids_[0].value(), 1))), protocol::Code::kFenced);
}

TEST_F(CollectorTest, AMissingRecordMustBeSeenTwice) {  // T-30
  Make(2);
  Erase(ids_[0]);
  Round();
  EXPECT_THAT(shard_->Ledgers(true), IsEmpty());
  Round();
  EXPECT_THAT(shard_->Ledgers(true), ElementsAre(ids_[0]));
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
  EXPECT_THAT(shard_->Ledgers(true), IsEmpty());
  Round();
  EXPECT_THAT(shard_->Ledgers(true), ElementsAre(ids_[0]));
}

TEST_F(CollectorTest, TheTwoAbsencesAreTheConfiguredTimeApart) {  // T-30
  collection_.absence_interval = 5 * kInterval / 2;
  Collect();
  Make(2);
  Erase(ids_[0]);
  for (int round = 0; round < 3; ++round) {
    Round();
    EXPECT_THAT(shard_->Ledgers(true), IsEmpty()) << round;
  }
  Round();
  EXPECT_THAT(shard_->Ledgers(true), ElementsAre(ids_[0]));
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
  EXPECT_THAT(shard_->Ledgers(true), IsEmpty());
}

TEST_F(CollectorTest, AnEmptiedMetadataStoreDoesNotEmptyABookie) {
  collection_.max_drop_percent = 40;
  Collect();
  Make(24);
  MarkDeleted(ids_[23]);
  for (std::size_t i = 0; i < 11; ++i) Erase(ids_[i]);
  for (int round = 0; round < 4; ++round) Round();
  EXPECT_THAT(shard_->Ledgers(true), IsEmpty()) << "not even the one that looks deleted";
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
    EXPECT_EQ(shard_->Ledgers(false).size(), 5U) << percent;
    EXPECT_FALSE(collector_->stats().believed);
    EXPECT_EQ(collector_->stats().held_back, 5U);
  }
  EXPECT_THAT(log_, HasSubstr("does not have 5 of 5"));
  EXPECT_EQ(collector_->Consent(), 5U);
  Round();
  EXPECT_EQ(shard_->Ledgers(true).size(), 5U);
}

// One of five is more than a tenth.
TEST_F(CollectorTest, AMissingRecordOfASmallBookieNeedsConsent) {
  collection_.max_drop_percent = 10;
  Collect();
  Make(5);
  Erase(ids_[0]);
  for (int round = 0; round < 4; ++round) Round();
  EXPECT_THAT(shard_->Ledgers(true), IsEmpty());
  EXPECT_THAT(log_, HasSubstr("does not have 1 of 5"));
  EXPECT_EQ(collector_->Consent(), 1U);
  Round();
  EXPECT_THAT(shard_->Ledgers(true), ElementsAre(ids_[0]));
}

TEST_F(CollectorTest, AFewDeletedLedgersMayAlwaysGo) {
  collection_.max_drop_percent = 1;
  Collect();
  Make(12);
  for (std::size_t i = 0; i < 11; ++i) MarkDeleted(ids_[i]);
  Round();
  EXPECT_EQ(shard_->Ledgers(true).size(), 10U);
}

TEST_F(CollectorTest, WithZeroPercentNothingGoesWithoutConsent) {
  collection_.max_drop_percent = 0;
  Collect();
  Make(3);
  MarkDeleted(ids_[0]);
  Round();
  Round();
  EXPECT_THAT(shard_->Ledgers(true), IsEmpty());
  EXPECT_THAT(log_, HasSubstr("1 ledgers may go and are held back: nothing goes without consent"));
  EXPECT_EQ(collector_->Consent(), 1U);
  Round();
  EXPECT_THAT(shard_->Ledgers(true), ElementsAre(ids_[0]));
}

TEST_F(CollectorTest, OfManyDeletedLedgersAShareGoesInEachRound) {
  collection_.max_drop_percent = 25;
  collection_.always_droppable = 1;
  Collect();
  Make(20);
  for (std::size_t i = 0; i < 16; ++i) MarkDeleted(ids_[i]);
  Round();
  EXPECT_EQ(shard_->Ledgers(true).size(), 5U);
  EXPECT_EQ(collector_->stats().held_back, 11U);
  EXPECT_TRUE(collector_->stats().believed);
  EXPECT_THAT(log_, HasSubstr("11 ledgers may go and are held back: a round takes no more than 5"));
  Round();
  EXPECT_EQ(shard_->Ledgers(true).size(), 8U) << "a quarter of the 15 that are left";
  for (int round = 0; round < 12; ++round) Round();
  EXPECT_EQ(shard_->Ledgers(true).size(), 16U);
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
  EXPECT_THAT(shard_->Ledgers(true), ElementsAre(ids_[0]));
  Erase(ids_[1]);
  Round();
  EXPECT_THAT(shard_->Ledgers(true), ElementsAre(ids_[0], ids_[1]));
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
  EXPECT_THAT(shard_->Ledgers(true), ElementsAre(ids_[0]));
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
  EXPECT_EQ(shard_->Ledgers(true).size(), 11U);
  EXPECT_EQ(collector_->stats().consented, 0U) << "for one round";
  for (int round = 0; round < 4; ++round) Round();
  EXPECT_EQ(shard_->Ledgers(true).size(), 11U);
  EXPECT_EQ(collector_->stats().held_back, 14U);
  EXPECT_THAT(log_, HasSubstr("an operator consents"));
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
  EXPECT_THAT(shard_->Ledgers(true), IsEmpty());
  EXPECT_EQ(collector_->stats().consented, 5U);
  EXPECT_EQ(collector_->stats().held_back, 5U);
  Round();
  EXPECT_EQ(shard_->Ledgers(true), ids_);
  EXPECT_EQ(collector_->stats().consented, 0U);
}

// A rebuilt index has the deleted ledgers again, and they may be most of what it has; with an old
// copy of the metadata store it looks the same.
TEST_F(CollectorTest, OfLedgersInLimboNoMoreMayBeMissingThanOfOthers) {
  Make(12);
  IntoLimbo();
  for (std::size_t i = 1; i < 12; ++i) Erase(ids_[i]);
  for (int round = 0; round < 4; ++round) Round();
  EXPECT_THAT(shard_->Ledgers(true), IsEmpty());
  EXPECT_THAT(log_, HasSubstr("does not have 11 of 12"));
  EXPECT_EQ(collector_->Consent(), 11U);
  Round();
  EXPECT_THAT(shard_->Ledgers(false), ElementsAre(ids_[0]));
}

TEST_F(CollectorTest, AnEmptiedMetadataStoreIsNotBelievedOfLimboEither) {
  Make(12);
  IntoLimbo();
  for (const LedgerId id : ids_) Erase(id);
  Round();
  Round();
  EXPECT_THAT(shard_->Ledgers(true), IsEmpty());
  EXPECT_THAT(log_, HasSubstr("does not have 12 of 12"));
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
  EXPECT_THAT(shard_->Ledgers(true), IsEmpty());
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
  EXPECT_THAT(shard_->Ledgers(true), IsEmpty());
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
