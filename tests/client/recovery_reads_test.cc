#include "client/recovery_reads.h"

#include <gtest/gtest.h>

#include <functional>

#include "recovery_harness.h"

namespace quire::client {
namespace {

using Verdict = RecoveryReads::Verdict;

RecoveryReads Asked(const protocol::Replication& replication, std::int64_t first = 0) {
  RecoveryReads reads(replication, EntryId(first));
  std::vector<RecoveryReads::Ask> asks;
  reads.Extend(asks);
  return reads;
}

void Answer(RecoveryReads& reads, int slot, std::int64_t entry, Code code) {
  reads.OnAnswer(slot, EntryId(entry), code, code == Code::kOk ? EntryBytes(entry, -1, 1) : "");
}

TEST(RecoveryReadsTest, AsksEachSlotOnceForEveryEntryItMayHold) {
  const protocol::Replication replication{5, 3, 2};
  RecoveryReads reads(replication, EntryId(100));
  std::vector<RecoveryReads::Ask> asks;
  reads.Extend(asks);
  ASSERT_EQ(asks.size(), 5u);
  std::size_t total = 0;
  for (const auto& ask : asks) {
    EXPECT_FALSE(ask.entries.empty());
    EXPECT_TRUE(std::ranges::is_sorted(ask.entries));
    for (const EntryId entry : ask.entries) {
      EXPECT_GE(entry, EntryId(100));
      EXPECT_TRUE(protocol::InWriteSet(replication, entry, ask.slot));
    }
    total += ask.entries.size();
  }
  EXPECT_EQ(total % 3, 0u);  // T-33: the whole write set of each
  asks.clear();
  reads.Extend(asks);
  EXPECT_TRUE(asks.empty());
}

TEST(RecoveryReadsTest, TheWindowMovesOnWithoutAskingTwice) {
  const protocol::Replication replication{3, 2, 2};
  RecoveryReads reads(replication, EntryId(0));
  std::set<std::pair<int, EntryId>> asked;
  const auto extend = [&] {
    std::vector<RecoveryReads::Ask> asks;
    reads.Extend(asks);
    for (const auto& ask : asks) {
      for (const EntryId entry : ask.entries) {
        EXPECT_TRUE(asked.emplace(ask.slot, entry).second) << entry.value();
      }
    }
  };
  extend();
  for (std::int64_t entry = 0; entry < 5000; ++entry) {
    const int slot = protocol::WriteSetSlot(replication, EntryId(entry), 1);
    ASSERT_TRUE(asked.contains({slot, EntryId(entry)})) << entry;
    Answer(reads, slot, entry, Code::kOk);
    ASSERT_EQ(reads.Decide(), Verdict::kFound);
    EXPECT_EQ(reads.TakeFound(), EntryBytes(entry, -1, 1));
    extend();
  }
  EXPECT_EQ(reads.next(), EntryId(5000));
  // Bounded: not much more was asked for than was found.
  EXPECT_LT(asked.rbegin()->second, EntryId(5000 + 1100));
}

// C22, T-14, T-15, T-16: every combination of answers of a write set, against the definition.
TEST(RecoveryReadsTest, DecidesByTheTableForEveryCombinationOfAnswers) {
  const std::vector<std::optional<Code>> answers = {
      std::nullopt,        Code::kOk,          Code::kNoEntry, Code::kNoLedger,
      Code::kUnknown,      Code::kBusy,        Code::kTimeout, Code::kCorrupt,
      Code::kDisconnected, Code::kWrongBookie, Code::kFenced,  Code::kExpired};
  for (int qw = 1; qw <= 4; ++qw) {
    for (int qa = 1; qa <= qw; ++qa) {
      const protocol::Replication replication{qw, qw, qa};
      std::vector<std::size_t> pick(static_cast<std::size_t>(qw), 0);
      const std::size_t kinds = qw <= 3 ? answers.size() : 6;
      while (true) {
        RecoveryReads reads = Asked(replication);
        int found = 0;
        int denials = 0;
        int silent = 0;
        for (int slot = 0; slot < qw; ++slot) {
          const auto code = answers[pick[static_cast<std::size_t>(slot)]];
          if (!code) {
            ++silent;
            continue;
          }
          found += *code == Code::kOk ? 1 : 0;
          denials += *code == Code::kNoEntry || *code == Code::kNoLedger ? 1 : 0;
          Answer(reads, slot, 0, *code);
        }
        Verdict wanted = Verdict::kWait;
        if (found > 0)
          wanted = Verdict::kFound;
        else if (qw - denials < qa)
          wanted = Verdict::kEnd;  // too few are left that may hold it
        else if (silent == 0)
          wanted = Verdict::kBlocked;
        ASSERT_EQ(reads.Decide(), wanted) << qw << "/" << qa << ": " << reads.Explain();
        std::size_t digit = 0;
        while (digit < pick.size() && ++pick[digit] == kinds) pick[digit++] = 0;
        if (digit == pick.size()) break;
      }
    }
  }
}

// C21: what lies above the end is not looked at.
TEST(RecoveryReadsTest, DecidesStrictlyInOrder) {
  RecoveryReads reads = Asked({3, 3, 2});
  Answer(reads, 0, 1, Code::kOk);
  Answer(reads, 0, 2, Code::kNoEntry);
  Answer(reads, 1, 2, Code::kNoEntry);
  EXPECT_EQ(reads.Decide(), Verdict::kWait);
  Answer(reads, 2, 0, Code::kOk);
  EXPECT_EQ(reads.Decide(), Verdict::kFound);
  reads.TakeFound();
  EXPECT_EQ(reads.Decide(), Verdict::kFound);
  reads.TakeFound();
  EXPECT_EQ(reads.Decide(), Verdict::kEnd);
}

TEST(RecoveryReadsTest, CountsASlotOnceAndOnlyWhereItMayHoldTheEntry) {
  RecoveryReads reads = Asked({4, 2, 1});
  Answer(reads, 0, 0, Code::kNoEntry);
  Answer(reads, 0, 0, Code::kNoEntry);  // again
  Answer(reads, 2, 0, Code::kNoEntry);  // not in its write set
  EXPECT_EQ(reads.Decide(), Verdict::kWait);
  Answer(reads, 1, 0, Code::kNoEntry);
  EXPECT_EQ(reads.Decide(), Verdict::kEnd);
  Answer(reads, 0, 1'000'000, Code::kOk);  // never asked for
  EXPECT_EQ(reads.next(), EntryId(0));
}

TEST(RecoveryReadsTest, KeepsTheFirstCopy) {
  RecoveryReads reads = Asked({3, 3, 2});
  reads.OnAnswer(1, EntryId(0), Code::kOk, "first");
  reads.OnAnswer(2, EntryId(0), Code::kOk, "second");
  EXPECT_EQ(reads.TakeFound(), "first");
}

TEST(RecoveryReadsTest, WorksForIdsBeyond32Bits) {
  const std::int64_t first = (INT64_C(1) << 40) + 1;
  RecoveryReads reads = Asked({3, 2, 2}, first);
  const int slot = protocol::WriteSetSlot({3, 2, 2}, EntryId(first), 0);
  Answer(reads, slot, first, Code::kOk);
  EXPECT_EQ(reads.Decide(), Verdict::kFound);
}

TEST(RecoveryReadsTest, ExplainsWhatBlocksIt) {
  RecoveryReads reads = Asked({2, 2, 1});
  Answer(reads, 0, 0, Code::kTimeout);
  Answer(reads, 1, 0, Code::kNoEntry);
  EXPECT_EQ(reads.Decide(), Verdict::kBlocked);
  EXPECT_EQ(reads.Explain(), "slot 0 timeout, slot 1 no entry");
}

}  // namespace
}  // namespace quire::client
