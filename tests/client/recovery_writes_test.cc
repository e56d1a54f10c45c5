#include "client/recovery_writes.h"

#include <gtest/gtest.h>

#include "recovery_harness.h"

namespace quire::client {
namespace {

// Drives the write-back alone.
struct Writes {
  explicit Writes(const protocol::Replication& r, std::int64_t first = 0)
      : writes(r, Bookies(0, r.ensemble), EntryId(first), [this](const auto& exclude) {
          for (const auto& spare : spares) {
            if (!exclude.contains(spare)) return std::optional(spare);
          }
          return std::optional<protocol::BookieId>();
        }) {}

  void Push() {
    const auto entry = writes.next().value();
    writes.Push(EntryBytes(entry, entry - 1, entry), sends);
  }
  common::Result<void> Reply(std::int64_t entry, int slot, Code code = Code::kOk) {
    for (auto it = sends.begin(); it != sends.end(); ++it) {
      if (it->entry != EntryId(entry) || it->slot != slot) continue;
      const auto send = *it;
      sends.erase(it);
      return writes.OnAdd(send, code, sends, again);
    }
    ADD_FAILURE() << "entry " << entry << " was not sent to slot " << slot;
    return {};
  }

  std::vector<protocol::BookieId> spares = Bookies(10, 4);
  std::vector<RecoveryWrites::Send> sends;
  std::vector<RecoveryWrites::Send> again;
  RecoveryWrites writes;
};

TEST(RecoveryWritesTest, SendsEachEntryToItsWholeWriteSetByteForByte) {
  Writes w({4, 3, 2}, 6);
  w.Push();
  ASSERT_EQ(w.sends.size(), 3u);
  for (const auto& send : w.sends) {
    EXPECT_TRUE(protocol::InWriteSet({4, 3, 2}, EntryId(6), send.slot));
    EXPECT_EQ(w.writes.Bytes(EntryId(6)), EntryBytes(6, 5, 6));
  }
}

TEST(RecoveryWritesTest, ConfirmsInOrderAtAckQuorum) {
  Writes w({3, 3, 2});
  w.Push();
  w.Push();
  EXPECT_TRUE(w.Reply(1, 0));
  EXPECT_TRUE(w.Reply(1, 1));
  EXPECT_TRUE(w.Reply(0, 2));
  EXPECT_EQ(w.writes.confirmed(), kNoEntry);
  EXPECT_TRUE(w.Reply(0, 0));
  EXPECT_EQ(w.writes.confirmed(), EntryId(1));
  EXPECT_TRUE(w.writes.idle());
  EXPECT_TRUE(w.writes.segments().empty());
}

// C13
TEST(RecoveryWritesTest, AFailedSlotGetsAnotherBookieFromTheFirstPendingEntryOn) {
  Writes w({3, 3, 3});
  w.Push();
  w.Push();
  for (int slot = 0; slot < 3; ++slot) EXPECT_TRUE(w.Reply(0, slot));
  EXPECT_TRUE(w.Reply(1, 0));
  EXPECT_TRUE(w.Reply(1, 1, Code::kTimeout));
  EXPECT_EQ(w.writes.BookieOf(1), B(10));
  ASSERT_EQ(w.writes.segments().size(), 1u);
  EXPECT_EQ(w.writes.segments().at(EntryId(1)), (metadata::Ensemble{B(0), B(10), B(2)}));
  EXPECT_TRUE(w.Reply(1, 2));
  EXPECT_FALSE(w.writes.idle());
  EXPECT_TRUE(w.Reply(1, 1));
  EXPECT_TRUE(w.writes.idle());
}

// C14
TEST(RecoveryWritesTest, TwoFailuresOnOneEntryMakeOneSegment) {
  Writes w({3, 3, 2});
  w.Push();
  EXPECT_TRUE(w.Reply(0, 0, Code::kTimeout));
  EXPECT_TRUE(w.Reply(0, 2, Code::kDisconnected));
  ASSERT_EQ(w.writes.segments().size(), 1u);
  EXPECT_EQ(w.writes.segments().at(EntryId(0)), (metadata::Ensemble{B(10), B(1), B(11)}));
}

TEST(RecoveryWritesTest, AcksOfAReplacedBookieAreVoid) {
  Writes w({3, 3, 2});
  w.Push();
  w.Push();
  EXPECT_TRUE(w.Reply(1, 0));  // counts until bookie 0 is replaced
  const auto late = w.sends.front();
  ASSERT_EQ(late.slot, 0);
  EXPECT_TRUE(w.Reply(0, 0, Code::kTimeout));
  EXPECT_TRUE(w.writes.OnAdd(late, Code::kOk, w.sends, w.again));
  EXPECT_TRUE(w.writes.OnAdd(late, Code::kTimeout, w.sends, w.again));
  EXPECT_EQ(w.writes.BookieOf(0), B(10));
  EXPECT_TRUE(w.Reply(0, 1));
  EXPECT_TRUE(w.Reply(0, 2));
  EXPECT_TRUE(w.Reply(1, 1));
  EXPECT_EQ(w.writes.confirmed(), EntryId(0));
  EXPECT_TRUE(w.Reply(1, 0));
  EXPECT_EQ(w.writes.confirmed(), EntryId(1));
}

TEST(RecoveryWritesTest, NeverTakesABookieBackThatFailed) {
  Writes w({2, 2, 1});
  w.spares = {B(0), B(1), B(12)};
  w.Push();
  EXPECT_TRUE(w.Reply(0, 0, Code::kTimeout));
  EXPECT_EQ(w.writes.BookieOf(0), B(12));
  EXPECT_TRUE(w.Reply(0, 1, Code::kTimeout));
  EXPECT_EQ(w.writes.BookieOf(1), B(1));  // nobody left: it stays, dead
  EXPECT_TRUE(w.Reply(0, 0));
  EXPECT_TRUE(w.writes.idle());
}

// C16, BOOKKEEPER-150, T-22
TEST(RecoveryWritesTest, TooFewBookiesEndIt) {
  Writes w({3, 3, 2});
  w.spares.clear();
  w.Push();
  EXPECT_TRUE(w.Reply(0, 0, Code::kReadOnly));
  const auto second = w.Reply(0, 1, Code::kReadOnly);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Errc::kNotEnoughBookies);
}

TEST(RecoveryWritesTest, GoesOnWithoutASpareWhileAckQuorumsLive) {
  Writes w({3, 3, 2});
  w.spares.clear();
  w.Push();
  EXPECT_TRUE(w.Reply(0, 0, Code::kTimeout));
  EXPECT_TRUE(w.writes.segments().empty());
  w.Push();
  EXPECT_EQ(std::ranges::count(w.sends, 0, &RecoveryWrites::Send::slot), 0);
  for (int entry = 0; entry < 2; ++entry) {
    EXPECT_TRUE(w.Reply(entry, 1));
    EXPECT_TRUE(w.Reply(entry, 2));
  }
  EXPECT_TRUE(w.writes.idle());
}

TEST(RecoveryWritesTest, SomeAnswersEndTheRecovery) {
  for (const auto& [code, error] : {std::pair(Code::kFenced, Errc::kNoSuchLedger),
                                    std::pair(Code::kUnauthorized, Errc::kUnauthorized),
                                    std::pair(Code::kConflict, Errc::kConflict)}) {
    Writes w({3, 3, 2});
    w.Push();
    const auto result = w.Reply(0, 0, code);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code(), error);
  }
}

TEST(RecoveryWritesTest, ABusyBookieIsAskedAgainAndManyRefusalsAtOnceCountOnce) {
  Writes w({3, 3, 3});
  for (int i = 0; i < 300; ++i) w.Push();
  for (int i = 0; i < 300; ++i) EXPECT_TRUE(w.Reply(i, 1, Code::kBusy));
  EXPECT_EQ(w.again.size(), 300u);
  EXPECT_EQ(w.writes.BookieOf(1), B(1));
  EXPECT_TRUE(w.writes.ShouldResend(w.again.front()));
  // It ends, though.
  for (int round = 0; round < 200 && w.writes.BookieOf(1) == B(1); ++round) {
    const auto first = w.again.front();
    EXPECT_TRUE(w.writes.OnAdd(first, Code::kBusy, w.sends, w.again));
  }
  EXPECT_EQ(w.writes.BookieOf(1), B(10));
  EXPECT_FALSE(w.writes.ShouldResend(w.again.front()));
}

}  // namespace
}  // namespace quire::client
