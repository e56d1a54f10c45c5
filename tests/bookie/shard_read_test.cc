#include <gmock/gmock.h>

#include <chrono>

#include "shard_fixture.h"

namespace quire::bookie {
namespace {

using protocol::Code;
using protocol::EntryId;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

class ShardReadTest : public ShardFixture {
 protected:
  Reply<protocol::ListEntriesReply> List(std::int64_t ledger, std::int64_t from,
                                         std::int32_t max_runs = 0) {
    auto reply = std::make_shared<std::optional<protocol::ListEntriesReply>>();
    shard_->ListEntries({.bookie = {},
                         .ledger = protocol::LedgerId(ledger),
                         .from = EntryId(from),
                         .max_runs = max_runs},
                        Into(reply));
    return reply;
  }
};

TEST_F(ShardReadTest, TellsALedgerItNeverSawFromAnEntryItDoesNotHave) {
  EXPECT_EQ(CodeOf(Read(1, {0})), Code::kNoLedger);
  Add(MakeEntry(1, 4));
  EXPECT_EQ(CodeOf(Read(1, {5})), Code::kNoEntry);
  FlushAll();
  const auto gap = Read(1, {3});
  Turn();
  EXPECT_EQ(CodeOf(gap), Code::kNoEntry);
}

TEST_F(ShardReadTest, AnswersFromCacheAndSegmentsInTheOrderAsked) {
  Add(MakeEntry(1, 0));
  Add(MakeEntry(1, 1));
  FlushAll();
  Add(MakeEntry(1, 2));
  const auto reply = Read(1, {2, 0, 9, 1});
  Turn();
  const auto& answers = reply->value().answers;
  ASSERT_EQ(answers.size(), 4U);
  EXPECT_EQ(answers[0].bytes, MakeEntry(1, 2));
  EXPECT_EQ(answers[1].bytes, MakeEntry(1, 0));
  EXPECT_EQ(answers[2].code, Code::kNoEntry);
  EXPECT_EQ(answers[3].bytes, MakeEntry(1, 1));
}

TEST_F(ShardReadTest, StopsAfterTheEntryThatReachesTheBudget) {
  for (int i = 0; i < 4; ++i) Add(MakeEntry(1, i));
  const auto size = static_cast<std::int32_t>(MakeEntry(1, 0).size());
  EXPECT_EQ(Read(1, {0, 1, 2, 3}, false, kKey, 1)->value().answers.size(), 1U);
  EXPECT_EQ(Read(1, {0, 1, 2, 3}, false, kKey, size + 1)->value().answers.size(), 2U);
  FlushAll();
  Add(MakeEntry(1, 4));
  const auto mixed = Read(1, {4, 0, 1, 2}, false, kKey, size * 2 + 1);
  Turn();
  EXPECT_EQ(mixed->value().answers.size(), 3U);
}

// H17: where a ledger ends, or that it is not here at all, is known without a look-up, also when
// nothing of it is in memory.
TEST_F(ShardReadTest, H17TheEndOfALedgerIsKnownWithoutALookUp) {
  for (int i = 0; i < 100; ++i) Add(MakeEntry(1, i, i - 1));
  FlushAll();
  const int before = fakes_.store->reads;
  EXPECT_EQ(Lac(1)->value().lac, EntryId(98));
  EXPECT_EQ(CodeOf(Read(1, {100})), Code::kNoEntry);
  EXPECT_EQ(CodeOf(Read(1, {5000, 6000})), Code::kNoEntry);
  EXPECT_TRUE(List(1, 100)->value().runs.empty());
  EXPECT_EQ(Lac(2)->value().code, Code::kNoLedger);
  EXPECT_EQ(CodeOf(Read(2, {0})), Code::kNoLedger);
  EXPECT_EQ(List(2, 0)->value().code, Code::kNoLedger);
  const auto fence = Lac(1, true);
  const auto stranger = FenceRead(3, 0);
  MakeDurable();
  EXPECT_EQ(fence->value().lac, EntryId(98));
  EXPECT_EQ(CodeOf(stranger), Code::kNoEntry);
  EXPECT_EQ(fakes_.store->reads, before);
  EXPECT_EQ(loop_.tasks(), 0U) << "nobody was asked to look";
  Read(1, {99});
  EXPECT_EQ(fakes_.store->reads, before + 1) << "what is there has to be read";
}

TEST_F(ShardReadTest, ADamagedEntryIsUnknown) {  // T-16
  Add(MakeEntry(1, 0));
  FlushAll();
  fakes_.media.rotten.insert({protocol::LedgerId(1), EntryId(0)});
  const auto rotten = Read(1, {0});
  Turn();
  EXPECT_EQ(CodeOf(rotten), Code::kUnknown);
  fakes_.store->unreadable = true;
  const auto unreadable = Read(1, {0});
  Turn();
  EXPECT_EQ(CodeOf(unreadable), Code::kUnknown);
}

TEST_F(ShardReadTest, RefusesSenselessRequests) {
  EXPECT_EQ(Read(1, {})->value().code, Code::kBadRequest);
  EXPECT_EQ(Read(1, {-1})->value().code, Code::kBadRequest);
  EXPECT_EQ(Read(1, {0}, false, kKey, -1)->value().code, Code::kBadRequest);
  EXPECT_EQ(Read(1, std::vector<std::int64_t>(4097, 0))->value().code, Code::kBadRequest);
  EXPECT_EQ(Lac(1, false, 60'001)->value().code, Code::kBadRequest);
  EXPECT_EQ(List(1, -1)->value().code, Code::kBadRequest);
}

TEST_F(ShardReadTest, ReadsThatWaitForTheDiskAreBounded) {
  options_.max_reads = 1;
  shard_.reset();
  Open();
  Add(MakeEntry(1, 0));
  FlushAll();
  const auto first = Read(1, {0});
  EXPECT_EQ(CodeOf(Read(1, {0})), Code::kBusy);
  Turn();
  EXPECT_EQ(CodeOf(first), Code::kOk);
  const auto later = Read(1, {0});
  Turn();
  EXPECT_EQ(CodeOf(later), Code::kOk);
}

TEST_F(ShardReadTest, TheLacIsTheHighestOfHeadersAndExplicitOnes) {
  EXPECT_EQ(Lac(1)->value().code, Code::kNoLedger);
  Add(MakeEntry(1, 0));
  EXPECT_EQ(Lac(1)->value().lac, protocol::kNoEntry);
  Add(MakeEntry(1, 3, 2));
  Add(MakeEntry(1, 2, 1));
  EXPECT_EQ(Lac(1)->value().lac, EntryId(2));
  WriteLac(1, 3);
  EXPECT_EQ(Lac(1)->value().lac, EntryId(3));
  WriteLac(1, 0);
  EXPECT_EQ(Lac(1)->value().lac, EntryId(3));
}

TEST_F(ShardReadTest, AnExplicitLacIsDurableBeforeItIsAcknowledgedAndPassesAFence) {  // T-38
  Add(MakeEntry(1, 0));
  FenceRead(1, 0);
  const auto write = WriteLac(1, 0);
  const auto again = WriteLac(1, 0);
  Turn();
  EXPECT_FALSE(write->has_value());
  EXPECT_FALSE(again->has_value()) << "the first record is not durable either";
  MakeDurable();
  EXPECT_EQ(write->value().code, Code::kOk);
  EXPECT_EQ(again->value().code, Code::kOk);
  Restart();
  EXPECT_EQ(Lac(1)->value().lac, EntryId(0));
}

TEST_F(ShardReadTest, ChecksExplicitLacs) {
  Add(MakeEntry(1, 0));
  EXPECT_EQ(WriteLac(1, 0, kOtherKey)->value().code, Code::kUnauthorized);
  EXPECT_EQ(WriteLac(1, 0, {})->value().code, Code::kBadRequest);
  auto reply = std::make_shared<std::optional<protocol::WriteLacReply>>();
  shard_->WriteLac({.bookie = {},
                    .ledger = protocol::LedgerId(1),
                    .key = kKey,
                    .record = protocol::EncodeLac(protocol::LedgerId(2), EntryId(0))},
                   Into(reply));
  EXPECT_EQ(reply->value().code, Code::kCorrupt);
}

TEST_F(ShardReadTest, ALongPollWakesWhenTheLacAdvances) {
  Add(MakeEntry(1, 0));
  const auto poll = Lac(1, false, 1000, 0);
  Add(MakeEntry(1, 1, 0));
  Turn();
  EXPECT_FALSE(poll->has_value());
  Add(MakeEntry(1, 2, 1));
  Turn();
  EXPECT_EQ(poll->value().lac, EntryId(1));
  loop_.Advance(seconds(2));
  Turn();  // the timer is gone with the answer
  EXPECT_EQ(Lac(1, false, 1000, 0)->value().lac, EntryId(1)) << "news are told at once";
}

TEST_F(ShardReadTest, ALongPollEndsAfterItsTime) {
  const auto poll = Lac(1, false, 1000);
  loop_.Advance(milliseconds(999));
  Turn();
  EXPECT_FALSE(poll->has_value());
  loop_.Advance(milliseconds(1));
  Turn();
  EXPECT_EQ(poll->value().code, Code::kNoLedger);
}

TEST_F(ShardReadTest, ALongPollWaitsForTheFirstEntryOfALedger) {
  const auto poll = Lac(1, false, 1000);
  WriteLac(1, 0);
  Turn();
  EXPECT_EQ(poll->value().lac, EntryId(0));
}

TEST_F(ShardReadTest, AFenceWakesLongPollsAndNewOnesDoNotWait) {  // T-39
  Add(MakeEntry(1, 0));
  const auto poll = Lac(1, false, 1000);
  FenceRead(1, 0);
  Turn();
  EXPECT_TRUE(poll->value().fenced);
  EXPECT_TRUE(Lac(1, false, 1000)->value().fenced);
}

TEST_F(ShardReadTest, ADeleteWakesLongPolls) {
  Add(MakeEntry(1, 0));
  const auto poll = Lac(1, false, 1000);
  shard_->Drop(protocol::LedgerId(1));
  Turn();
  EXPECT_EQ(poll->value().code, Code::kNoLedger);
}

TEST_F(ShardReadTest, LongPollsAreBoundedInNumber) {
  options_.max_long_polls = 1;
  shard_.reset();
  Open();
  const auto held = Lac(1, false, 1000);
  EXPECT_TRUE(Lac(1, false, 1000)->has_value()) << "one too many is answered at once";
  loop_.Advance(seconds(1));
  Turn();
  EXPECT_TRUE(held->has_value());
  EXPECT_FALSE(Lac(1, false, 1000)->has_value()) << "there is room again";
}

TEST_F(ShardReadTest, ListsRunsAndWhereToGoOn) {
  EXPECT_EQ(List(1, 0)->value().code, Code::kNoLedger);
  for (const int id : {0, 1, 4, 7, 8}) Add(MakeEntry(1, id));
  const auto all = List(1, 1);
  const auto some = List(1, 0, 2);
  Turn();
  EXPECT_THAT(all->value().runs,
              ElementsAre(protocol::EntryRun{EntryId(1), 1}, protocol::EntryRun{EntryId(4), 1},
                          protocol::EntryRun{EntryId(7), 2}));
  EXPECT_EQ(all->value().next_entry, protocol::kNoEntry);
  EXPECT_EQ(some->value().runs.size(), 2U);
  EXPECT_EQ(some->value().next_entry, EntryId(5));
}

}  // namespace
}  // namespace quire::bookie
