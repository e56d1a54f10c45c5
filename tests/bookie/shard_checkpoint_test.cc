#include <gmock/gmock.h>

#include <chrono>

#include "shard_fixture.h"

namespace quire::bookie {
namespace {

using protocol::Code;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ShardCheckpointTest : public ShardFixture {};

TEST_F(ShardCheckpointTest, AFullCacheIsFlushedAndTheJournalTrimmed) {
  fakes_.store->flush_at = 2;
  Add(MakeEntry(1, 0));
  EXPECT_TRUE(fakes_.store->commits.empty());
  Add(MakeEntry(1, 1));
  ASSERT_EQ(fakes_.store->commits.size(), 1U);
  EXPECT_EQ(fakes_.store->commits[0].lsn, 2U);
  ASSERT_EQ(fakes_.store->commits[0].states.size(), 1U);
  EXPECT_EQ(fakes_.store->commits[0].states[0].second.last_entry, protocol::EntryId(1));
  Turn();
  EXPECT_EQ(fakes_.media.stored, 0U) << "the journal is not durable yet";
  MakeDurable();
  Turn();
  EXPECT_EQ(fakes_.media.stored, 2U);
  EXPECT_TRUE(fakes_.media.records.empty());
}

TEST_F(ShardCheckpointTest, ALongJournalIsACheckpointAndAJustFlushedOneIsNot) {
  fakes_.journal->live = options_.max_journal_bytes + 1;
  for (int i = 0; i < 63; ++i) Add(MakeEntry(1, i, -1, std::string(1 << 20, 'x')));
  EXPECT_TRUE(fakes_.store->commits.empty()) << "a quarter of the bound must be new";
  Add(MakeEntry(1, 63, -1, std::string(1 << 20, 'x')));
  EXPECT_EQ(fakes_.store->commits.size(), 1U);
  MakeDurable();
  Turn();
  Add(MakeEntry(1, 65));
  EXPECT_EQ(fakes_.store->commits.size(), 1U);
}

TEST_F(ShardCheckpointTest, StatesThatChangeDuringAFlushGoWithTheNextOne) {
  fakes_.store->flush_at = 1;
  Add(MakeEntry(1, 0));
  FenceRead(1, 0);
  Add(MakeEntry(2, 0));
  MakeDurable();
  Turn();
  MakeDurable();
  Turn();
  ASSERT_EQ(fakes_.store->commits.size(), 2U);
  EXPECT_FALSE(fakes_.store->commits[0].states[0].second.fenced);
  EXPECT_TRUE(fakes_.media.states.at(protocol::LedgerId(1)).fenced);
  EXPECT_TRUE(fakes_.media.states.contains(protocol::LedgerId(2)));
}

// G11
TEST_F(ShardCheckpointTest, AFlushThatFindsTheDiskFullIsRepeatedAndLosesNothing) {
  Add(MakeEntry(1, 0));
  MakeDurable();
  fakes_.store->fail_flushes = common::Error(common::Errc::kDiskFull, "segment");
  fakes_.store->flush_at = 1;
  Add(MakeEntry(1, 1));
  MakeDurable();
  Turn();
  EXPECT_EQ(shard_->mode(), ShardMode::kReadOnly);
  EXPECT_EQ(CodeOf(Add(MakeEntry(1, 2))), Code::kReadOnly);
  EXPECT_EQ(CodeOf(Read(1, {1})), Code::kOk);
  fakes_.store->full = true;
  EXPECT_TRUE(shard_->Accepting()) << "reads and fences must get through";
  EXPECT_EQ(CodeOf(Add(MakeEntry(1, 2), true)), Code::kReadOnly) << "no room for repairs either";
  fakes_.store->full = false;
  const auto fence = FenceRead(1, 1);  // D12
  MakeDurable();
  EXPECT_EQ(CodeOf(fence), Code::kOk);

  const std::size_t tries = fakes_.store->commits.size();
  loop_.Advance(options_.flush_retry);
  Turn();
  EXPECT_EQ(fakes_.store->commits.size(), tries + 1);
  EXPECT_EQ(shard_->mode(), ShardMode::kReadOnly);
  fakes_.store->fail_flushes.reset();
  fakes_.store->flush_at = 100;
  loop_.Advance(options_.flush_retry);
  Turn();
  EXPECT_EQ(shard_->mode(), ShardMode::kWritable);
  EXPECT_EQ(fakes_.media.stored, 2U) << "that half, and not what came later";
  EXPECT_EQ(fakes_.media.entries[protocol::LedgerId(1)].size(), 2U);
  EXPECT_THAT(log_, HasSubstr("nothing is lost"));
  Restart();
  EXPECT_EQ(CodeOf(Add(MakeEntry(1, 2))), Code::kFenced);
}

// G11
TEST_F(ShardCheckpointTest, AnyOtherFlushFailureEndsTheShard) {
  fakes_.store->fail_flushes = common::Error(common::Errc::kIo, "segment");
  fakes_.store->flush_at = 1;
  const auto add = Add(MakeEntry(1, 0));
  Turn();
  EXPECT_EQ(shard_->mode(), ShardMode::kFailed);
  EXPECT_EQ(CodeOf(add), Code::kUnknown);
}

TEST_F(ShardCheckpointTest, LowSpaceIsReadOnlyWithHysteresis) {
  const auto look = [this](std::uint64_t free) {
    disk_.set_capacity(free);
    loop_.Advance(options_.space_interval);
    Turn();
    Turn();
  };
  look(options_.min_free_bytes - 1);
  EXPECT_EQ(shard_->mode(), ShardMode::kReadOnly);
  look(options_.min_free_bytes + 1);
  EXPECT_EQ(shard_->mode(), ShardMode::kReadOnly) << "at the brink";
  look(options_.min_free_bytes * 5 / 4);
  EXPECT_EQ(shard_->mode(), ShardMode::kWritable);
  EXPECT_THAT(modes_, ElementsAre(ShardMode::kReadOnly, ShardMode::kWritable));
}

TEST_F(ShardCheckpointTest, ABookieThatStartsOnALowDiskIsReadOnlyFromTheStart) {
  disk_.set_capacity(1);
  Restart();
  EXPECT_EQ(shard_->mode(), ShardMode::kReadOnly);
}

TEST_F(ShardCheckpointTest, StopFlushesEverything) {
  Add(MakeEntry(1, 0));
  FenceRead(2, 0);
  const auto poll = Lac(1, false, 1000);
  auto stopped = std::make_shared<std::optional<common::Result<void>>>();
  shard_->Stop(Into(stopped));
  Turn();
  EXPECT_FALSE(stopped->has_value());
  MakeDurable();
  Turn();
  ASSERT_TRUE(stopped->has_value());
  EXPECT_TRUE(stopped->value().has_value());
  EXPECT_TRUE(poll->has_value());
  EXPECT_TRUE(fakes_.media.records.empty());
  EXPECT_EQ(fakes_.media.entries[protocol::LedgerId(1)].size(), 1U);
  EXPECT_TRUE(fakes_.media.states.at(protocol::LedgerId(2)).fenced);
}

TEST_F(ShardCheckpointTest, StopDuringAFlushFlushesAgain) {
  fakes_.store->flush_at = 1;
  Add(MakeEntry(1, 0));
  fakes_.store->flush_at = 100;
  Add(MakeEntry(1, 1));
  auto stopped = std::make_shared<std::optional<common::Result<void>>>();
  shard_->Stop(Into(stopped));
  MakeDurable();
  Turn();
  MakeDurable();
  Turn();
  ASSERT_TRUE(stopped->has_value());
  EXPECT_EQ(fakes_.store->commits.size(), 2U);
  EXPECT_EQ(fakes_.media.entries[protocol::LedgerId(1)].size(), 2U);
}

TEST_F(ShardCheckpointTest, AFailedShardStopsWithAnError) {
  auto early = std::make_shared<std::optional<common::Result<void>>>();
  Add(MakeEntry(1, 0));
  shard_->Stop(Into(early));
  fakes_.journal->events.failed(common::Error(common::Errc::kIo, "sync"));
  ASSERT_TRUE(early->has_value());
  EXPECT_FALSE(early->value().has_value());
  auto late = std::make_shared<std::optional<common::Result<void>>>();
  shard_->Stop(Into(late));
  EXPECT_FALSE(late->value().has_value());
}

TEST_F(ShardCheckpointTest, ReplayFlushesWhenTheJournalHoldsMoreThanTheCache) {
  for (int i = 0; i < 10; ++i) Add(MakeEntry(1, i));
  FenceRead(1, 0);
  MakeDurable();
  fakes_.flush_at = 4;
  Restart();
  EXPECT_GE(fakes_.media.stored, 8U) << "on the way";
  EXPECT_TRUE(fakes_.store->commits.size() >= 2);
  for (int i = 0; i < 10; ++i) {
    const auto read = Read(1, {i});
    Turn();
    EXPECT_EQ(CodeOf(read), Code::kOk) << i;
  }
  EXPECT_EQ(CodeOf(Add(MakeEntry(1, 10))), Code::kFenced);
  fakes_.flush_at = static_cast<std::size_t>(-1);
  Restart();  // what was flushed on the way is not replayed again, and nothing else is left out
  for (int i = 0; i < 10; ++i) {
    const auto read = Read(1, {i});
    Turn();
    EXPECT_EQ(CodeOf(read), Code::kOk) << i;
  }
}

TEST_F(ShardCheckpointTest, AcknowledgedEntriesSurviveACrashAndOthersMayNot) {
  const auto kept = Add(MakeEntry(1, 0));
  MakeDurable();
  const auto lost = Add(MakeEntry(1, 1));
  ASSERT_TRUE(kept->has_value());
  ASSERT_FALSE(lost->has_value());
  Restart();
  EXPECT_EQ(CodeOf(Read(1, {0})), Code::kOk);
  EXPECT_EQ(CodeOf(Read(1, {1})), Code::kNoEntry);
  EXPECT_EQ(CodeOf(Add(MakeEntry(1, 1), false, kOtherKey)), Code::kUnauthorized);
}

TEST_F(ShardCheckpointTest, ADamagedRecordRefusesTheStart) {
  Add(MakeEntry(1, 0));
  MakeDurable();
  fakes_.media.records[0].payload.back() ^= 1;
  fakes_.Crash();
  Shard shard(loop_, {}, {disk_, disk_, worker_, worker_, {&reader_}}, options_, Log(), {});
  const auto opened = shard.Open(fakes_.storage());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), common::Errc::kCorrupt);
  EXPECT_THAT(opened.error().context(), HasSubstr("record 1"));
}

}  // namespace
}  // namespace quire::bookie
