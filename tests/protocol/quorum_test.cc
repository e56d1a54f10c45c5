#include "protocol/quorum.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "protocol/limits.h"

namespace quire::protocol {
namespace {

std::vector<Replication> AllUpTo(int largest) {
  std::vector<Replication> all;
  for (int e = 1; e <= largest; ++e) {
    for (int qw = 1; qw <= e; ++qw) {
      for (int qa = 1; qa <= qw; ++qa) all.push_back({e, qw, qa});
    }
  }
  return all;
}

SlotSet FromBits(unsigned bits) {
  SlotSet set;
  for (int slot = 0; slot < 32; ++slot) {
    if ((bits >> slot & 1U) != 0) set.Insert(slot);
  }
  return set;
}

TEST(ReplicationTest, AcceptsOnlyWhatCanWork) {
  EXPECT_TRUE((Replication{1, 1, 1}).Check());
  EXPECT_TRUE((Replication{3, 2, 1}).Check());
  EXPECT_TRUE((Replication{kMaxEnsembleSize, kMaxEnsembleSize, kMaxEnsembleSize}).Check());
  const std::vector<Replication> wrong = {{kMaxEnsembleSize + 1, 2, 2},
                                          {2, 3, 2},
                                          {3, 2, 3},
                                          {3, 2, 0},
                                          {0, 0, 0},
                                          {3, -1, -1},
                                          {3, 0, -1}};
  for (const auto& r : wrong) {
    const auto checked = r.Check();
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code(), common::Errc::kInvalidArgument);
    EXPECT_FALSE(checked.error().context().empty());
  }
}

TEST(SlotSetTest, HoldsEverySlotOfTheLargestEnsemble) {
  SlotSet set;
  EXPECT_TRUE(set.empty());
  for (int slot = 0; slot < kMaxEnsembleSize; ++slot) {
    EXPECT_FALSE(set.Contains(slot));
    set.Insert(slot);
    EXPECT_TRUE(set.Contains(slot));
    EXPECT_EQ(set.size(), slot + 1);
  }
  set.Insert(3);
  EXPECT_EQ(set.size(), kMaxEnsembleSize);
  set.Erase(31);
  EXPECT_FALSE(set.Contains(31));
  EXPECT_EQ(set.size(), kMaxEnsembleSize - 1);
}

// A cast before the remainder makes slots negative from 2^31 on (1.0).
TEST(WriteSetTest, StaysWithinTheEnsembleForIdsOfAnySize) {
  for (const auto& r : AllUpTo(6)) {
    for (const std::int64_t base : {INT64_C(0), (INT64_C(1) << 31) - 3, (INT64_C(1) << 32) - 3,
                                    (INT64_C(1) << 40) - 3, INT64_MAX - 20}) {
      for (std::int64_t id = base; id < base + 12; ++id) {
        std::set<int> slots;
        for (int i = 0; i < r.write_quorum; ++i) {
          const int slot = WriteSetSlot(r, EntryId(id), i);
          ASSERT_GE(slot, 0);
          ASSERT_LT(slot, r.ensemble);
          slots.insert(slot);
        }
        EXPECT_EQ(slots.size(), static_cast<std::size_t>(r.write_quorum));
        EXPECT_EQ(WriteSetSlot(r, EntryId(id), 0), static_cast<int>(id % r.ensemble));
        for (int slot = 0; slot < r.ensemble; ++slot) {
          EXPECT_EQ(InWriteSet(r, EntryId(id), slot), slots.contains(slot)) << id << " " << slot;
        }
      }
    }
  }
}

// With so many denials too few holders are left to acknowledge, and with one less they are enough.
TEST(QuorumTest, NegativeQuorumIsTheFewestDenialsThatExcludeAnAck) {
  for (const auto& r : AllUpTo(8)) {
    int fewest = 0;
    while (r.write_quorum - fewest >= r.ack_quorum) ++fewest;
    EXPECT_EQ(NegativeQuorum(r), fewest);
  }
}

// T-02: for all E <= 6 and all subsets, against the definition. A set covers when no entry of any
// write set can have its Qa acknowledgements among the silent slots alone.
TEST(QuorumTest, CoversExactlyWhenNoEntryCanHide) {
  int covered = 0;
  int checked = 0;
  for (const auto& r : AllUpTo(6)) {
    for (unsigned known = 0; known < 1U << r.ensemble; ++known) {
      bool can_hide = false;
      for (unsigned holders = 0; holders < 1U << r.ensemble; ++holders) {
        if (std::popcount(holders) < r.ack_quorum || (holders & known) != 0) continue;
        for (std::int64_t entry = 0; entry < r.ensemble && !can_hide; ++entry) {
          unsigned write_set = 0;
          for (int i = 0; i < r.write_quorum; ++i) write_set |= 1U << ((entry + i) % r.ensemble);
          can_hide = (holders & ~write_set) == 0;
        }
      }
      ++checked;
      covered += can_hide ? 0 : 1;
      ASSERT_EQ(Covered(r, FromBits(known)), !can_hide)
          << r.ensemble << "/" << r.write_quorum << "/" << r.ack_quorum << " " << known;
    }
  }
  EXPECT_GT(covered, 0);
  EXPECT_LT(covered, checked);
}

TEST(QuorumTest, OneAnswerCoversFullAckQuorumsAndAllAreNeededForOne) {
  EXPECT_TRUE(Covered({3, 3, 3}, FromBits(0b001)));
  EXPECT_FALSE(Covered({3, 3, 2}, FromBits(0b001)));
  EXPECT_TRUE(Covered({3, 3, 2}, FromBits(0b101)));
  EXPECT_FALSE(Covered({3, 3, 1}, FromBits(0b011)));
  EXPECT_TRUE(Covered({3, 3, 1}, FromBits(0b111)));
  // Striped: the formula for Qw = E would ask for one answer only.
  EXPECT_FALSE(Covered({4, 2, 2}, FromBits(0b0001)));
  EXPECT_TRUE(Covered({4, 2, 2}, FromBits(0b0101)));
}

}  // namespace
}  // namespace quire::protocol
