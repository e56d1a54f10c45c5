#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "shard_fixture.h"

namespace quire::bookie {
namespace {

using protocol::Code;
using std::chrono::milliseconds;
using ::testing::ElementsAre;

// A bookie that gets more than it takes, and callers who do not wait any more.
class ShardOverloadTest : public ShardFixture {
 protected:
  void Reopen() {
    shard_.reset();
    Open();
  }
  Reply<protocol::ReadReply> ReadWithin(std::int32_t deadline_ms, bool fence = false) {
    protocol::ReadRequest request;
    request.deadline_ms = deadline_ms;
    request.ledger = protocol::LedgerId(1);
    request.entries.emplace_back(0);
    request.fence = fence;
    if (fence) request.key = kKey;
    auto reply = std::make_shared<std::optional<protocol::ReadReply>>();
    shard_->Read(std::move(request), Into(reply));
    return reply;
  }
  Reply<std::vector<Code>> AddWithin(const std::vector<std::string>& entries,
                                     std::int32_t deadline_ms) {
    auto reply = std::make_shared<std::optional<std::vector<Code>>>();
    std::vector<protocol::Add> adds;
    adds.reserve(entries.size());
    for (const auto& bytes : entries) {
      adds.push_back({.entry = bytes, .key = kKey, .recovery = true, .deadline_ms = deadline_ms});
    }
    shard_->Add(adds, Into(reply));
    return reply;
  }
};

TEST_F(ShardOverloadTest, AFullCacheAndASlowFlushThrottleThenRefuseAndLoseNothing) {  // H01
  std::vector<Reply<std::vector<Code>>> taken;
  for (int id = 0; id < 5; ++id) taken.push_back(Add(MakeEntry(1, id)));
  AskForFlush();  // the journal is not durable yet: it takes its time
  for (int id = 5; id < 8; ++id) taken.push_back(Add(MakeEntry(1, id)));
  fakes_.store->full = true;
  EXPECT_FALSE(shard_->Accepting()) << "the server stops reading";
  loop_.Advance(milliseconds(40));
  EXPECT_EQ(CodeOf(Add(MakeEntry(1, 8))), Code::kBusy) << "what was read already is refused";
  EXPECT_EQ(shard_->RetryAfterMs(), 40) << "as long again as the flush has taken so far";
  EXPECT_EQ(CodeOf(Read(1, {7})), Code::kOk) << "reads go on";
  MakeDurable();
  fakes_.store->full = false;
  Turn();
  EXPECT_TRUE(shard_->Accepting());
  const auto again = Add(MakeEntry(1, 8));
  MakeDurable();
  EXPECT_EQ(CodeOf(again), Code::kOk);
  for (const auto& reply : taken) EXPECT_EQ(CodeOf(reply), Code::kOk);
  Restart();
  const auto all = Read(1, {0, 1, 2, 3, 4, 5, 6, 7, 8});
  Turn();
  ASSERT_EQ(all->value().answers.size(), 9U);
  for (std::int64_t id = 0; id < 9; ++id) {
    EXPECT_EQ(all->value().answers[static_cast<std::size_t>(id)].bytes, MakeEntry(1, id));
  }
}

TEST_F(ShardOverloadTest, AJournalOverItsBoundSaysHowLongItTakes) {  // G16
  Add(MakeEntry(1, 0));
  loop_.Advance(milliseconds(70));
  MakeDurable();
  fakes_.journal->queued = options_.max_queued_bytes + 1;
  EXPECT_FALSE(shard_->Accepting());
  fakes_.journal->queued = 2 * options_.max_queued_bytes + 1;
  EXPECT_EQ(CodeOf(Add(MakeEntry(1, 1))), Code::kBusy);
  EXPECT_EQ(shard_->RetryAfterMs(), 70);
  fakes_.journal->queued = 0;
  EXPECT_TRUE(shard_->Accepting());
  EXPECT_FALSE(Add(MakeEntry(1, 1))->has_value()) << "taken; it waits for its sync only";
}

TEST_F(ShardOverloadTest, AReadWhoseCallerIsGoneNeverReachesTheDisk) {
  options_.store_reads = 1;
  Reopen();
  Add(MakeEntry(1, 0));
  FlushAll();
  const auto first = ReadWithin(10);
  const auto late = ReadWithin(10);
  const auto patient = ReadWithin(0);
  loop_.Advance(milliseconds(20));
  const int reads = fakes_.store->reads;
  Turn();
  EXPECT_EQ(CodeOf(first), Code::kOk) << "it was with the reader already";
  EXPECT_EQ(late->value().code, Code::kExpired);
  EXPECT_EQ(CodeOf(patient), Code::kOk);
  EXPECT_EQ(fakes_.store->reads, reads + 1);
  EXPECT_EQ(shard_->Snapshot().expired, 1U);
}

TEST_F(ShardOverloadTest, AnExpiredFencingReadAnswersWhenItsFenceIsDurable) {  // T-03
  options_.store_reads = 1;
  Reopen();
  Add(MakeEntry(1, 0));
  FlushAll();
  const auto first = ReadWithin(0);
  const auto late = ReadWithin(10, true);
  loop_.Advance(milliseconds(20));
  Turn();
  EXPECT_FALSE(late->has_value());
  MakeDurable();
  EXPECT_EQ(late->value().code, Code::kExpired);
  EXPECT_EQ(CodeOf(Add(MakeEntry(1, 1))), Code::kFenced);
}

TEST_F(ShardOverloadTest, ADuplicateWhoseCallerIsGoneIsNotLookedUp) {
  options_.store_reads = 1;
  Reopen();
  AddAll({MakeEntry(1, 0), MakeEntry(1, 3)});
  FlushAll();
  const auto busy = ReadWithin(0);
  const auto late = AddWithin({MakeEntry(1, 0), MakeEntry(1, 1)}, 10);
  const auto patient = AddWithin({MakeEntry(1, 1), MakeEntry(1, 2)}, 0);
  loop_.Advance(milliseconds(20));
  Turn();
  MakeDurable();
  EXPECT_THAT(late->value(), ElementsAre(Code::kExpired, Code::kExpired));
  EXPECT_THAT(patient->value(), ElementsAre(Code::kOk, Code::kOk));
  EXPECT_EQ(shard_->Snapshot().expired, 2U);
  EXPECT_EQ(shard_->Snapshot().lookup_bytes, 0U);
  EXPECT_EQ(CodeOf(Read(1, {1})), Code::kOk);
}

}  // namespace
}  // namespace quire::bookie
