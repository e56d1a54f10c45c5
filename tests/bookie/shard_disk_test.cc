#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "bookie/journal_format.h"
#include "bookie/segment_format.h"
#include "common/random.h"
#include "tests/bookie/disk_machine.h"

namespace quire::bookie {
namespace {

using protocol::Code;
using protocol::LedgerId;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::SimDisk;

// What a bookie does when its disk fills up or fails.
class ShardDiskTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(m_.Open());
    m_.Wait();
    ASSERT_TRUE(m_.has_ballast());
    ASSERT_TRUE(m_.AddAll(1, 0, 9));
  }
  void ExpectFailed() {
    EXPECT_EQ(m_.shard->mode(), ShardMode::kFailed);
    EXPECT_EQ(m_.Read(1, 0), Code::kUnknown) << "never a denial, nor what may not be durable";
    EXPECT_EQ(m_.Read(77, 0), Code::kUnknown);
    EXPECT_EQ(m_.Add(1, 50), Code::kUnknown);
    EXPECT_EQ(m_.Read(1, 0, true), Code::kUnknown);
    EXPECT_THAT(m_.log, HasSubstr("failed: "));
    EXPECT_THAT(m_.log, HasSubstr("check the disk, then start the daemon again"));
    EXPECT_THAT(m_.shard->Snapshot().why, ::testing::ElementsAre(HasSubstr("a disk failed")));
  }

  DiskMachine m_;
};

TEST_F(ShardDiskTest, H12AFullDiskIsReadOnlyAndComesBackByItself) {
  m_.LeaveFree(m_.options.min_free_bytes - 1);
  m_.Wait();
  EXPECT_EQ(m_.shard->mode(), ShardMode::kReadOnly);
  EXPECT_EQ(m_.Add(1, 10), Code::kReadOnly);
  m_.LeaveFree(m_.options.resume_bytes() - 1);
  m_.Wait();
  EXPECT_EQ(m_.Add(1, 10), Code::kReadOnly) << "at the brink";
  m_.LeaveFree(m_.options.resume_bytes());
  m_.Wait();
  EXPECT_EQ(m_.shard->mode(), ShardMode::kWritable);
  EXPECT_EQ(m_.Add(1, 10), Code::kOk);
}

TEST_F(ShardDiskTest, H12BothThresholdsMayBeSaid) {
  m_.options.resume_free_bytes = 3 * m_.options.min_free_bytes;
  ASSERT_TRUE(m_.Open());
  m_.LeaveFree(m_.options.min_free_bytes - 1);
  m_.Wait();
  m_.LeaveFree(3 * m_.options.min_free_bytes - 1);
  m_.Wait();
  EXPECT_EQ(m_.shard->mode(), ShardMode::kReadOnly);
  m_.LeaveFree(3 * m_.options.min_free_bytes);
  m_.Wait();
  EXPECT_EQ(m_.shard->mode(), ShardMode::kWritable);
}

TEST_F(ShardDiskTest, H13AFullDiskStillFencesAndTakesRecoveryAddsFromTheBallast) {
  m_.LeaveFree(0);
  m_.Wait();
  EXPECT_EQ(m_.Read(1, 0), Code::kOk);
  // More than the journal files hold that are there.
  std::int64_t taken = 0;
  while (taken < 100 && m_.Add(2, taken, true) == Code::kOk) ++taken;
  EXPECT_EQ(taken, 100);
  EXPECT_EQ(m_.Read(1, 20, true), Code::kNoEntry);
  EXPECT_EQ(m_.Add(1, 10), Code::kFenced);
  EXPECT_FALSE(m_.has_ballast());
  EXPECT_EQ(m_.shard->Snapshot().ballast_bytes, 0U);
  EXPECT_THAT(m_.log, HasSubstr("gave up the ballast"));
  ASSERT_TRUE(m_.Open()) << "a start on the full disk";
  EXPECT_TRUE(m_.HasAll(1, 0, 9));
  EXPECT_TRUE(m_.HasAll(2, 0, taken - 1));
  EXPECT_EQ(m_.Add(1, 10), Code::kFenced);
  EXPECT_EQ(m_.shard->mode(), ShardMode::kReadOnly);

  m_.disk.set_capacity(SimDisk::kUnlimited);
  m_.Wait();
  m_.Wait();
  EXPECT_EQ(m_.shard->mode(), ShardMode::kWritable);
  EXPECT_TRUE(m_.has_ballast()) << "and is set aside again";
  EXPECT_THAT(m_.log, HasSubstr("set the ballast aside"));
  EXPECT_EQ(m_.Add(3, 0), Code::kOk);
}

TEST_F(ShardDiskTest, H13WhenTheBallastIsUsedUpNothingIsLostAndNobodyIsLiedTo) {
  m_.LeaveFree(0);
  m_.Wait();
  std::int64_t taken = 0;
  while (taken < 2000 && m_.Add(2, taken, true) == Code::kOk) ++taken;
  ASSERT_LT(taken, 2000) << "there is an end to everything";
  ASSERT_GT(taken, 100);
  EXPECT_EQ(m_.shard->mode(), ShardMode::kReadOnly);
  EXPECT_EQ(m_.Add(2, 3000, true), Code::kReadOnly);
  EXPECT_TRUE(m_.shard->Accepting()) << "reads must get through";
  EXPECT_TRUE(m_.HasAll(2, 0, taken - 1));
  // Whatever becomes of a fence now, an answer means that it holds.
  const auto fence = m_.Read(1, 20, true);
  for (const bool restart : {false, true}) {
    if (restart) {
      common::Random random(1);
      m_.Kill();
      m_.disk.Crash(random);
      ASSERT_TRUE(m_.Open());
      EXPECT_TRUE(m_.HasAll(2, 0, taken - 1));
      if (fence) EXPECT_EQ(m_.Add(1, 10), Code::kFenced);
    }
  }
  m_.disk.set_capacity(SimDisk::kUnlimited);
  m_.Wait();
  m_.Wait();
  EXPECT_EQ(m_.shard->mode(), ShardMode::kWritable);
  EXPECT_TRUE(m_.HasAll(2, 0, taken - 1));
  EXPECT_EQ(m_.Add(4, 0), Code::kOk);
}

TEST_F(ShardDiskTest, H12AFenceThatFoundNoRoomIsAnsweredWhenThereIsSome) {
  m_.options.ballast_bytes = 0;
  ASSERT_TRUE(m_.Open());
  m_.LeaveFree(0);
  m_.Wait();
  std::int64_t fenced = 100;  // each takes a block of the journal
  while (fenced < 300 && m_.Read(fenced, 0, true)) ++fenced;
  ASSERT_LT(fenced, 300);
  EXPECT_THAT(m_.shard->Snapshot().why, ::testing::Contains("the journal found the disk full"));
  const auto reply = std::make_shared<std::optional<protocol::Code>>();
  protocol::ReadRequest request;
  request.ledger = LedgerId(1);
  request.entries = {protocol::EntryId(0)};
  request.fence = true;
  request.key = DiskMachine::kKey;
  m_.shard->Read(std::move(request),
                 [reply](const protocol::ReadReply& got) { *reply = got.code; });
  m_.Wait();
  EXPECT_FALSE(reply->has_value());
  m_.disk.set_capacity(SimDisk::kUnlimited);
  m_.Wait();
  EXPECT_EQ(*reply, Code::kOk);
  EXPECT_EQ(m_.Add(1, 10), Code::kFenced);
  m_.Wait();
  EXPECT_EQ(m_.shard->mode(), ShardMode::kWritable);
  EXPECT_THAT(m_.log, HasSubstr("the journal has room again"));
}

TEST_F(ShardDiskTest, H12AStopOnAFullDiskEndsAndTheNextStartHasEverything) {
  m_.options.ballast_bytes = 0;
  ASSERT_TRUE(m_.Open());
  m_.LeaveFree(0);
  m_.Wait();
  std::int64_t fenced = 100;
  while (fenced < 300 && m_.Read(fenced, 0, true)) ++fenced;
  std::optional<common::Result<void>> stopped;
  m_.shard->Stop([&](common::Result<void> outcome) { stopped = std::move(outcome); });
  m_.Wait();
  ASSERT_TRUE(stopped);
  EXPECT_EQ(stopped->error().code(), common::Errc::kDiskFull);
  ASSERT_TRUE(m_.Open());
  EXPECT_TRUE(m_.HasAll(1, 0, 9));
  for (std::int64_t ledger = 100; ledger < fenced; ++ledger) {
    EXPECT_EQ(m_.Add(ledger, 0), Code::kFenced) << ledger;
  }
}

// The journal holds more than both halves of the cache, and no half can be written.
TEST_F(ShardDiskTest, H12AStartOnAFullDiskReplaysWhatItCannotFlush) {
  m_.options.ballast_bytes = 0;
  m_.options.store.cache_bytes = 1 << 20;
  m_.options.max_journal_bytes = 1 << 20;
  ASSERT_TRUE(m_.Open());
  ASSERT_TRUE(m_.AddAll(2, 0, 119));
  ASSERT_EQ(m_.shard->Status().stored_lsn, 0);
  m_.Kill();
  m_.LeaveFree(0);
  m_.options.store.cache_bytes = 16 << 10;
  const auto opened = m_.Open();
  ASSERT_TRUE(opened) << opened.error().ToString();
  EXPECT_EQ(m_.shard->Status().stored_lsn, 0) << "nothing could be flushed";
  EXPECT_EQ(m_.shard->mode(), ShardMode::kReadOnly);
  EXPECT_TRUE(m_.HasAll(2, 0, 119));
  m_.disk.set_capacity(SimDisk::kUnlimited);
  m_.Wait();
  m_.Wait();
  EXPECT_EQ(m_.shard->mode(), ShardMode::kWritable);
  EXPECT_TRUE(m_.HasAll(2, 0, 119));
  ASSERT_TRUE(m_.Open());
  EXPECT_TRUE(m_.HasAll(2, 0, 119));
}

TEST_F(ShardDiskTest, DeletionsMakeRoomOnAFullDiskAlthoughThereIsAQuarantine) {
  m_.options.ballast_bytes = 0;
  ASSERT_TRUE(m_.Open());
  ASSERT_TRUE(m_.AddAll(2, 0, 399));
  m_.LeaveFree(0);
  m_.Wait();
  EXPECT_EQ(m_.shard->mode(), ShardMode::kReadOnly);
  m_.shard->Drop(LedgerId(2));
  for (int i = 0; i < 3; ++i) m_.Wait();
  EXPECT_EQ(m_.shard->mode(), ShardMode::kWritable);
  EXPECT_GE(*m_.disk.FreeBytes(), m_.options.resume_bytes());
  EXPECT_TRUE(m_.HasAll(1, 0, 9));
  EXPECT_EQ(m_.Add(1, 10), Code::kOk);
}

TEST_F(ShardDiskTest, TheQuarantineGoesBeforeTheBookieBecomesReadOnly) {
  ASSERT_TRUE(m_.AddAll(2, 0, 199));
  m_.shard->Drop(LedgerId(2));
  m_.Wait();
  const std::uint64_t kept = m_.shard->Snapshot().store.quarantine.bytes;
  ASSERT_GT(kept, m_.options.resume_bytes());
  m_.LeaveFree(2 * m_.options.resume_bytes() + (1 << 20));
  m_.Wait();
  EXPECT_EQ(m_.shard->Snapshot().store.quarantine.bytes, kept);
  m_.LeaveFree(m_.options.resume_bytes());
  m_.Wait();
  EXPECT_LT(m_.shard->Snapshot().store.quarantine.bytes, kept);
  EXPECT_GE(*m_.disk.FreeBytes(), 2 * m_.options.resume_bytes());
  EXPECT_EQ(m_.shard->mode(), ShardMode::kWritable);
}

// Each would stand before the next step of the flush.
TEST_F(ShardDiskTest, WhatTendsTheSpaceIsNotQueuedAgainBehindASlowFlush) {
  m_.Kill();
  ASSERT_TRUE(m_.disk.Remove(Ballast::kFileName));
  ASSERT_TRUE(m_.Open());
  for (int looks = 0; looks < 5; ++looks) EXPECT_EQ(m_.LookBehindAFlush(), 1U);
  m_.Settle();
  EXPECT_TRUE(m_.has_ballast());
  EXPECT_EQ(m_.log.find("set the ballast aside"), m_.log.rfind("set the ballast aside"));
}

TEST_F(ShardDiskTest, G09AFailedJournalWriteOrSyncEndsTheShardAndLosesNothing) {
  for (int i = 0; i < 2; ++i) {
    m_.disk.FailWrite(1);  // to a file opened durable: write and sync in one
    EXPECT_EQ(m_.Add(1, 10 + i), Code::kUnknown);
    ExpectFailed();
    ASSERT_TRUE(m_.Open());
    EXPECT_TRUE(m_.HasAll(1, 0, 9));
  }
}

TEST_F(ShardDiskTest, G15H14AFailedSegmentWriteOrSyncEndsTheShardAndLosesNothing) {
  for (const bool sync : {false, true}) {
    std::int64_t id = 10;
    m_.disk.set_watch([this, sync, armed = true](const SimDisk::Change& change) mutable {
      if (!armed || !change.name.starts_with("segment-")) return;
      if (change.what != (sync ? "sync" : "write")) return;
      armed = false;
      sync ? m_.disk.FailSync(1) : m_.disk.FailWrite(1);
    });
    while (id < 200 && m_.Add(sync ? 3 : 2, id) == Code::kOk) ++id;
    ASSERT_LT(id, 200);
    m_.disk.set_watch({});
    m_.Settle();
    ExpectFailed();
    const auto opened = m_.Open();
    ASSERT_TRUE(opened) << opened.error().ToString();
    EXPECT_TRUE(m_.HasAll(1, 0, 9));
    EXPECT_TRUE(m_.HasAll(sync ? 3 : 2, 10, id - 1)) << "what was acknowledged is in the journal";
    EXPECT_THAT(m_.log, Not(HasSubstr("failed")));
  }
}

}  // namespace
}  // namespace quire::bookie
