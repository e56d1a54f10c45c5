#include <gmock/gmock.h>

#include "shard_fixture.h"

namespace quire::bookie {
namespace {

using protocol::Code;
using ::testing::ElementsAre;

class ShardAddTest : public ShardFixture {};

// G01
TEST_F(ShardAddTest, AnswersOnlyWhenTheEntryIsDurable) {  // T-18
  const auto reply = Add(MakeEntry(1, 0));
  Turn();
  EXPECT_FALSE(reply->has_value());
  EXPECT_EQ(CodeOf(Read(1, {0})), Code::kOk) << "visible from the turn that admits it";
  MakeDurable();
  EXPECT_EQ(CodeOf(reply), Code::kOk);
}

// The digest is checked before anything is stored, whoever sends the entry (BP-31 of the peer).
TEST_F(ShardAddTest, ACorruptEntryIsRefusedAndNotStored) {
  const std::string sound = MakeEntry(1, 0);
  for (std::size_t at = 0; at < sound.size(); ++at) {
    std::string bytes = sound;
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    for (const bool recovery : {false, true}) {
      ASSERT_EQ(CodeOf(Add(bytes, recovery)), Code::kCorrupt) << "byte " << at;
    }
  }
  EXPECT_EQ(CodeOf(Add(sound.substr(0, sound.size() - 1))), Code::kCorrupt);
  EXPECT_EQ(fakes_.media.last, 0U) << "nothing of it is in the journal";
  EXPECT_EQ(CodeOf(Read(1, {0})), Code::kNoLedger);
}

TEST_F(ShardAddTest, AnswersABatchWithOneCodeForEachAddAndOneKick) {
  auto damaged = MakeEntry(1, 1);
  damaged.back() ^= 1;
  const int kicks = fakes_.journal->kicks;
  const auto reply = AddAll({MakeEntry(1, 0), damaged, MakeEntry(2, 0), MakeEntry(1, 1)});
  EXPECT_EQ(fakes_.journal->kicks, kicks + 1);
  MakeDurable();
  EXPECT_THAT(reply->value(), ElementsAre(Code::kOk, Code::kCorrupt, Code::kOk, Code::kOk));
}

TEST_F(ShardAddTest, RepliesInTheOrderOfDurability) {
  const auto first = Add(MakeEntry(1, 0));
  const Lsn lsn = fakes_.journal->last();
  const auto second = Add(MakeEntry(1, 1));
  fakes_.journal->MakeDurable(lsn);
  EXPECT_TRUE(first->has_value());
  EXPECT_FALSE(second->has_value());
}

TEST_F(ShardAddTest, TheFirstAddFixesTheKey) {
  const auto first = Add(MakeEntry(1, 0));
  EXPECT_EQ(CodeOf(Add(MakeEntry(1, 1), false, kOtherKey)), Code::kUnauthorized);
  EXPECT_EQ(CodeOf(Add(MakeEntry(1, 1), true, kOtherKey)), Code::kUnauthorized);
  EXPECT_EQ(CodeOf(Add(MakeEntry(1, 1), false, {})), Code::kBadRequest);
}

TEST_F(ShardAddTest, ADuplicateInTheCacheIsOkWhenTheFirstCopyIsDurable) {
  const auto first = Add(MakeEntry(1, 0));
  const auto again = Add(MakeEntry(1, 0));
  const std::size_t records = fakes_.media.records.size();
  Turn();
  EXPECT_FALSE(again->has_value());
  MakeDurable();
  EXPECT_EQ(CodeOf(again), Code::kOk);
  EXPECT_EQ(records, 1U) << "one record for both";
}

// H02
TEST_F(ShardAddTest, OtherBytesOfTheSameIdAreAConflictAndTheFirstAreKept) {  // T-37
  const auto first = Add(MakeEntry(1, 0, -1, "one"));
  EXPECT_EQ(CodeOf(Add(MakeEntry(1, 0, -1, "two"))), Code::kConflict);
  EXPECT_EQ(shard_->conflicts(), 1U);
  EXPECT_THAT(log_, ::testing::HasSubstr("other bytes"));
  const auto read = Read(1, {0});
  EXPECT_EQ(read->value().answers.front().bytes, MakeEntry(1, 0, -1, "one"));
}

TEST_F(ShardAddTest, ADuplicateInASegmentIsFoundByALookUp) {
  Add(MakeEntry(1, 0));
  Add(MakeEntry(1, 1));
  FlushAll();
  const auto same = Add(MakeEntry(1, 0), true);
  const auto other = Add(MakeEntry(1, 1, -1, "other"), true);
  EXPECT_FALSE(same->has_value());
  Turn();
  EXPECT_EQ(CodeOf(same), Code::kOk);
  EXPECT_EQ(CodeOf(other), Code::kConflict);
  EXPECT_TRUE(fakes_.media.records.empty()) << "nothing new was written";
}

TEST_F(ShardAddTest, ABatchOfDuplicatesIsOneReadOfItsLedger) {
  std::vector<std::string> entries;
  entries.reserve(10);
  for (int i = 0; i < 10; ++i) entries.push_back(MakeEntry(1, i));
  AddAll(entries);
  FlushAll();
  const int reads = fakes_.store->reads;
  const auto reply = AddAll(entries, true);
  Turn();
  EXPECT_EQ(fakes_.store->reads, reads + 1);
  EXPECT_EQ(std::ranges::count(reply->value(), Code::kOk), 10);
}

TEST_F(ShardAddTest, AMissingEntryBelowTheHighestIsStoredOnceWhenTwoCopiesAreInFlight) {
  Add(MakeEntry(1, 5));
  FlushAll();
  const auto first = Add(MakeEntry(1, 3, -1, "first"), true);
  const auto same = Add(MakeEntry(1, 3, -1, "first"), true);
  const auto other = Add(MakeEntry(1, 3, -1, "other"), true);
  Turn();  // FakeStore checks that the id is added once
  MakeDurable();
  EXPECT_EQ(CodeOf(first), Code::kOk);
  EXPECT_EQ(CodeOf(same), Code::kOk);
  EXPECT_EQ(CodeOf(other), Code::kConflict);
}

TEST_F(ShardAddTest, AFenceDuringTheLookUpStopsTheAdd) {
  Add(MakeEntry(1, 5));
  FlushAll();
  const auto add = Add(MakeEntry(1, 3));
  const auto fence = FenceRead(1, 3);
  Turn();
  MakeDurable();
  EXPECT_EQ(CodeOf(add), Code::kFenced);
  EXPECT_EQ(CodeOf(fence), Code::kNoEntry);
}

TEST_F(ShardAddTest, ACopyThatCannotBeLookedUpIsUnknownAndNotReplaced) {  // T-16
  Add(MakeEntry(1, 0));
  FlushAll();
  fakes_.store->unreadable = true;
  const auto add = Add(MakeEntry(1, 0), true);
  Turn();
  EXPECT_EQ(CodeOf(add), Code::kUnknown);
  EXPECT_TRUE(fakes_.media.records.empty()) << "nothing new was written";
}

TEST_F(ShardAddTest, ARecoveryAddReplacesADamagedCopy) {
  AddAll({MakeEntry(1, 0), MakeEntry(1, 1)});
  FlushAll();
  fakes_.media.rotten.insert({protocol::LedgerId(1), protocol::EntryId(0)});
  const auto add = Add(MakeEntry(1, 0), true);
  const auto again = Add(MakeEntry(1, 0), true);
  const auto other = Add(MakeEntry(1, 0, -1, "other"), true);
  Turn();
  EXPECT_FALSE(add->has_value()) << "it is not durable yet";
  EXPECT_EQ(CodeOf(other), Code::kConflict) << "the copy that replaces it is sound";
  MakeDurable();
  EXPECT_EQ(CodeOf(add), Code::kOk);
  EXPECT_EQ(CodeOf(again), Code::kOk);
  EXPECT_EQ(fakes_.media.records.size(), 1U) << "one record for both";
  Restart();  // before a flush: it comes out of the journal
  EXPECT_EQ(Read(1, {0})->value().answers.front().bytes, MakeEntry(1, 0));
}

// Only the damaged copy could tell whether these are the bytes that were acknowledged.
TEST_F(ShardAddTest, AWritersAddDoesNotReplaceADamagedCopy) {  // T-37
  Add(MakeEntry(1, 0));
  FlushAll();
  fakes_.media.rotten.insert({protocol::LedgerId(1), protocol::EntryId(0)});
  const auto add = Add(MakeEntry(1, 0));
  Turn();
  EXPECT_EQ(CodeOf(add), Code::kUnknown);
  EXPECT_TRUE(fakes_.media.records.empty()) << "nothing new was written";
}

TEST_F(ShardAddTest, LookUpsAreBoundedInBytes) {
  options_.max_lookup_bytes = 1;
  shard_.reset();
  Open();
  AddAll({MakeEntry(1, 0), MakeEntry(1, 1)});
  FlushAll();
  const auto reply = AddAll({MakeEntry(1, 0), MakeEntry(1, 1)}, true);
  Turn();
  EXPECT_THAT(reply->value(), ElementsAre(Code::kOk, Code::kBusy));
}

TEST_F(ShardAddTest, AFullCacheIsBusyAndStopsTheServerFromReading) {
  EXPECT_TRUE(shard_->Accepting());
  fakes_.store->full = true;
  EXPECT_FALSE(shard_->Accepting());
  EXPECT_EQ(CodeOf(Add(MakeEntry(1, 0))), Code::kBusy);
}

TEST_F(ShardAddTest, ALongJournalQueueStopsTheServerFromReadingAndTwiceIsBusy) {
  fakes_.journal->queued = options_.max_queued_bytes + 1;
  EXPECT_FALSE(shard_->Accepting());
  const auto taken = Add(MakeEntry(1, 0));
  EXPECT_FALSE(taken->has_value()) << "it was read from the socket already";
  fakes_.journal->queued = 2 * options_.max_queued_bytes + 1;
  EXPECT_EQ(CodeOf(Add(MakeEntry(1, 1))), Code::kBusy);
}

TEST_F(ShardAddTest, AFailedJournalMakesEverythingUnknown) {
  const auto add = AddAll({MakeEntry(1, 0), MakeEntry(1, 0, -1, "other")});
  const auto fence = FenceRead(2, 0);
  const auto poll = Lac(1, false, 1000);
  fakes_.journal->events.failed(common::Error(common::Errc::kIo, "sync"));
  Turn();
  EXPECT_THAT(add->value(), ElementsAre(Code::kUnknown, Code::kConflict));
  EXPECT_EQ(CodeOf(fence), Code::kUnknown);
  EXPECT_EQ(poll->value().code, Code::kUnknown);
  EXPECT_EQ(shard_->mode(), ShardMode::kFailed);
  EXPECT_THAT(modes_, ElementsAre(ShardMode::kFailed));
  EXPECT_EQ(CodeOf(Add(MakeEntry(1, 1))), Code::kUnknown);
  EXPECT_EQ(CodeOf(Read(9, {0})), Code::kUnknown) << "nothing negative";
  EXPECT_EQ(Lac(9)->value().code, Code::kUnknown);
  EXPECT_EQ(WriteLac(1, 0)->value().code, Code::kUnknown);
  EXPECT_TRUE(shard_->Accepting());
}

}  // namespace
}  // namespace quire::bookie
