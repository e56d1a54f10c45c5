// WriteProtocol when no bookie is left to replace a failed one.
#include <gtest/gtest.h>

#include "write_harness.h"

namespace quire::client {
namespace {

using Handle = WriteProtocol::Handle;

struct Degraded : WriteHarness {
  explicit Degraded(const protocol::Replication& r = {3, 3, 2}, WriteLimits limits = Impatient())
      : WriteHarness(r, limits) {
    spares.clear();
  }
  static WriteLimits Impatient() {
    WriteLimits limits;
    limits.max_waits = 0;
    return limits;
  }
  static WriteLimits Waits(int times) {
    WriteLimits limits;
    limits.max_waits = times;
    return limits;
  }
  void Fail(std::int64_t entry, int slot) {
    Reply(entry, slot, Code::kDisconnected);
    RunChange();
  }
};

// B05
TEST(WriteDegradedTest, TooFewBookiesBreakTheHandleAndKeepWhatWasAcknowledged) {
  Degraded h({3, 3, 3});
  h.Append(1);
  h.ReplyToAll();
  h.Append(1);
  h.Fail(1, 0);
  EXPECT_EQ(h.protocol.handle(), Handle::kBroken);
  EXPECT_EQ(h.failure(), Errc::kNotEnoughBookies);
  h.RunClose();
  EXPECT_EQ(h.cell.value().last_entry, EntryId(0));
  h.Close();
  EXPECT_EQ(h.close_error(), std::nullopt);
}

// B04: a restart takes a second or two, and a writer need not end over it.
TEST(WriteDegradedTest, WaitsForBookiesThatComeBack) {
  Degraded h({3, 3, 3}, Degraded::Waits(1));
  h.Append(1);
  h.Reply(0, 1);
  h.Fail(0, 0);
  EXPECT_EQ(h.protocol.handle(), Handle::kOpen);
  h.Append(1);  // waits with the others
  EXPECT_FALSE(h.IsSent(1, 0));
  h.RetryChange();
  EXPECT_TRUE(h.IsSent(0, 0));
  EXPECT_TRUE(h.IsSent(1, 0));
  h.ReplyToAll();
  EXPECT_EQ(h.lac(), 1);
  EXPECT_EQ(h.cell.now().version.value, 0);
}

TEST(WriteDegradedTest, TakesASpareThatCameWhileItWaited) {
  Degraded h({3, 3, 3}, Degraded::Waits(1));
  h.Append(1);
  h.Fail(0, 0);
  h.spares = {B(7)};
  h.RetryChange();
  h.Fail(0, 0);
  EXPECT_EQ(h.cell.value().LastEnsemble()[0], B(7));
  h.ReplyToAll();
  EXPECT_EQ(h.lac(), 0);
}

TEST(WriteDegradedTest, DoesNotWaitForEver) {
  Degraded h({3, 3, 3}, Degraded::Waits(3));
  h.Append(1);
  for (int i = 0; i < 3; ++i) {
    h.Fail(0, 0);
    EXPECT_EQ(h.protocol.handle(), Handle::kOpen);
    h.RetryChange();
  }
  h.Fail(0, 0);
  EXPECT_EQ(h.protocol.handle(), Handle::kBroken);
  EXPECT_EQ(h.failure(), Errc::kNotEnoughBookies);
}

// A second slot that fails meanwhile is tried again with the first.
TEST(WriteDegradedTest, AnotherFailureWhileItWaitsIsTriedAgainToo) {
  Degraded h({3, 3, 3}, Degraded::Waits(1));
  h.Append(1);
  h.Fail(0, 0);
  h.Reply(0, 1, Code::kDisconnected);
  EXPECT_FALSE(h.change_asked);
  h.RetryChange();
  EXPECT_TRUE(h.IsSent(0, 0));
  EXPECT_TRUE(h.IsSent(0, 1));
  h.ReplyToAll();
  EXPECT_EQ(h.lac(), 0);
}

TEST(WriteDegradedTest, AFenceEndsTheWait) {
  Degraded h({3, 3, 3}, Degraded::Waits(5));
  h.Append(1);
  h.Fail(0, 0);
  h.Reply(0, 1, Code::kFenced);
  EXPECT_EQ(h.protocol.handle(), Handle::kFenced);
  h.RetryChange();
  EXPECT_TRUE(h.sent.empty() || !h.IsSent(0, 0));
}

TEST(WriteDegradedTest, GoesOnWithoutTheSlotWhileAckQuorumsLive) {
  Degraded h;
  h.Append(1);
  h.Fail(0, 1);
  EXPECT_EQ(h.protocol.handle(), Handle::kOpen);
  EXPECT_TRUE(h.retry_asked);
  h.Reply(0, 0);
  h.Reply(0, 2);
  EXPECT_EQ(h.lac(), 0);
  h.Append(1);
  EXPECT_FALSE(h.IsSent(1, 1));
  h.Reply(1, 0);
  h.Reply(1, 2);
  EXPECT_EQ(h.lac(), 1);
  EXPECT_EQ(h.cell.now().version.value, 0);
}

// The metadata still names it, and it holds the entry.
TEST(WriteDegradedTest, WhatTheDeadSlotAcknowledgedStillCounts) {
  Degraded h;
  h.Append(2, 1);
  h.Reply(0, 1);
  const auto late = h.Take(1, 1);
  h.Append(1);
  h.Fail(2, 1);
  h.Reply(0, 0);
  EXPECT_EQ(h.lac(), 0);
  h.Reply(1, 0);
  h.Reply(late, Code::kOk);
  EXPECT_EQ(h.lac(), 1);
}

TEST(WriteDegradedTest, ASecondDeadSlotIsOneTooMany) {
  Degraded h;
  h.Append(1);
  h.Fail(0, 1);
  h.Fail(0, 2);
  EXPECT_EQ(h.protocol.handle(), Handle::kBroken);
  EXPECT_EQ(h.failure(), Errc::kNotEnoughBookies);
}

// Striped: slots 0 and 2 of E4 Qw2 Qa1 share no write set; 0 and 1 do.
TEST(WriteDegradedTest, CountsTheLivingOfEachWriteSet) {
  Degraded apart({4, 2, 1});
  apart.Append(4, 1);
  apart.Fail(0, 0);
  apart.Fail(2, 2);
  EXPECT_EQ(apart.protocol.handle(), Handle::kOpen);
  Degraded together({4, 2, 1});
  together.Append(4, 1);
  together.Fail(0, 0);
  together.Fail(0, 1);
  EXPECT_EQ(together.protocol.handle(), Handle::kBroken);
}

TEST(WriteDegradedTest, ReplacesTheDeadSlotOnceThereIsASpare) {
  Degraded h;
  h.Append(2, 1);
  h.Fail(0, 1);
  h.Reply(0, 0);
  h.Reply(0, 2);
  h.spares = {B(20)};
  h.RetryChange();
  h.RunChange();
  EXPECT_EQ(h.cell.value().LastSegmentFirst(), EntryId(1));
  EXPECT_EQ(h.protocol.ensemble()[1], B(20));
  EXPECT_FALSE(h.retry_asked);
  h.Append(1);
  EXPECT_EQ(h.Take(2, 1).bookie, B(20));
}

// It may be back: with all that is pending it gets another chance in its own slot.
TEST(WriteDegradedTest, TriesTheDeadSlotAgainWhenThereIsStillNoSpare) {
  Degraded h;
  h.Append(2, 1);
  const auto old = h.Take(1, 1);
  h.Fail(0, 1);
  h.RetryChange();
  h.RunChange();
  EXPECT_FALSE(h.retry_asked);
  EXPECT_EQ(h.Take(0, 1).bookie, B(1));
  h.Reply(0, 0);
  h.Reply(old, Code::kOk);  // of its former life
  h.Reply(1, 0);
  h.Reply(0, 2);
  EXPECT_EQ(h.lac(), 0);
  h.Reply(1, 1);
  EXPECT_EQ(h.lac(), 1);
  h.Append(1);
  h.Fail(2, 1);  // no, it is still gone
  EXPECT_TRUE(h.retry_asked);
  EXPECT_EQ(h.protocol.handle(), Handle::kOpen);
}

// The pause ends while another slot is being replaced: the dead one must not be forgotten over it.
TEST(WriteDegradedTest, ARetryThatMeetsAnotherChangeComesAgain) {
  Degraded h({4, 3, 1});
  h.Append(4, 1);
  h.Fail(0, 1);
  h.spares = {B(20)};
  h.Reply(0, 2, Code::kTimeout);
  h.RetryChange();
  EXPECT_TRUE(h.retry_asked);
  h.RunChange();
  EXPECT_EQ(h.protocol.ensemble()[2], B(20));
  h.spares = {B(21)};
  h.RetryChange();
  h.RunChange();
  EXPECT_EQ(h.protocol.ensemble()[1], B(21));
}

TEST(WriteDegradedTest, ReplacesWhatItCanWithTheSparesThereAre) {
  Degraded h({4, 4, 2});
  h.spares = {B(20)};
  h.Append(1);
  h.Reply(0, 0, Code::kTimeout);
  const auto changed = h.ApplyChange();
  h.Reply(0, 1, Code::kTimeout);
  h.TellChange(changed);
  h.RunChange();
  EXPECT_EQ(h.protocol.handle(), Handle::kOpen);
  EXPECT_EQ(h.protocol.ensemble(), (metadata::Ensemble{B(20), B(1), B(2), B(3)}));
  EXPECT_TRUE(h.IsSent(0, 0));
  EXPECT_FALSE(h.IsSent(0, 1));
  h.Reply(0, 0);
  h.Reply(0, 2);
  EXPECT_EQ(h.lac(), 0);
}

TEST(WriteDegradedTest, ClosesWithADeadSlot) {
  Degraded h;
  h.Append(1);
  h.Fail(0, 1);
  h.Close();
  h.Reply(0, 0);
  h.Reply(0, 2);
  h.RunClose();
  EXPECT_EQ(h.cell.value().last_entry, EntryId(0));
  h.RetryChange();  // the pause ends after the close
  EXPECT_FALSE(h.change_asked);
}

}  // namespace
}  // namespace quire::client
