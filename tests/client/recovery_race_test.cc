// RecoveryProtocol: several recoverers, and others who touch the metadata meanwhile.
#include <gtest/gtest.h>

#include "common/random.h"
#include "recovery_harness.h"

namespace quire::client {
namespace {

using Kind = RecoveryHarness::Kind;
using metadata::LedgerState;

constexpr protocol::Replication kShape{3, 3, 2};

void Fill(BookieModel& bookies, std::int64_t last, std::int64_t behind) {
  for (std::int64_t entry = 0; entry <= last; ++entry) {
    for (int slot = 0; slot < 3; ++slot) {
      bookies.Store(slot, entry, std::max<std::int64_t>(-1, entry - behind));
    }
  }
}

// C17, M28: the end that won is the end, also for one who read further.
TEST(RecoveryRaceTest, TheLoserAdoptsTheEndThatWon) {
  LedgerCell cell(NewLedger(kShape));
  BookieModel bookies;
  Fill(bookies, 3, 2);
  RecoveryHarness recovery(cell, bookies);
  while (recovery.Waiting(Kind::kClose) == 0) ASSERT_TRUE(recovery.RunOne());
  cell.Foreign([](auto& ledger) { ledger.state = LedgerState::kClosed; });
  recovery.RunAll();
  ASSERT_EQ(recovery.error(), std::nullopt);
  EXPECT_EQ(recovery.closed().last_entry, kNoEntry);
  EXPECT_EQ(cell.now().version.value, 2);
}

// C18: nobody may add a segment once the claim is won.
TEST(RecoveryRaceTest, AForeignSegmentIsAnErrorAndNotOverwritten) {
  LedgerCell cell(NewLedger(kShape));
  BookieModel bookies;
  Fill(bookies, 3, 2);
  RecoveryHarness recovery(cell, bookies);
  recovery.RunOne();
  cell.Break([](auto& ledger) { ledger.segments[EntryId(2)] = Bookies(4, 3); });
  recovery.RunAll();
  EXPECT_EQ(recovery.error(), Errc::kCorrupt);
  EXPECT_EQ(cell.value().state, LedgerState::kInRecovery);
}

TEST(RecoveryRaceTest, RepairOfAnEarlierSegmentMeanwhileIsKept) {
  LedgerCell cell(NewLedger(kShape));
  cell.Foreign([](auto& ledger) { ledger.segments[EntryId(4)] = Bookies(0, 3); });
  BookieModel bookies;
  Fill(bookies, 6, 2);
  RecoveryHarness recovery(cell, bookies);
  recovery.RunOne();
  cell.Foreign([](auto& ledger) { ledger.segments[EntryId(0)][1] = B(30); });
  recovery.RunAll();
  ASSERT_EQ(recovery.error(), std::nullopt);
  EXPECT_EQ(cell.value().segments.at(EntryId(0))[1], B(30));
  EXPECT_EQ(cell.value().last_entry, EntryId(6));
}

// A second claim does not defeat the first: both share the version (1.7, step 1).
TEST(RecoveryRaceTest, ASecondRecoveryWritesNoClaimOfItsOwn) {
  LedgerCell cell(NewLedger(kShape));
  BookieModel bookies;
  RecoveryHarness first(cell, bookies);
  first.RunOne();
  RecoveryHarness second(cell, bookies);
  second.RunOne();
  EXPECT_EQ(cell.value().recovery_claims, 1);
  EXPECT_EQ(cell.now().version.value, 1);
  second.RunAll();
  first.RunAll();
  EXPECT_EQ(first.error(), std::nullopt);
  EXPECT_EQ(second.error(), std::nullopt);
}

// C23: the writer closes at 1 before the recoverer has claimed; the recoverer knows nothing better.
TEST(RecoveryRaceTest, AWriterThatClosesFirstDecidesTheEnd) {
  LedgerCell cell(NewLedger(kShape));
  BookieModel bookies;
  Fill(bookies, 5, 1);
  RecoveryHarness recovery(cell, bookies);
  cell.Foreign([](auto& ledger) {
    ledger.state = LedgerState::kClosed;
    ledger.last_entry = EntryId(1);
    ledger.length = 20;
  });
  recovery.RunAll();
  EXPECT_EQ(recovery.closed().last_entry, EntryId(1));
}

// C24, C25, I11: any interleaving of recoverers, some of whom die, with bookies that fail and
// return.
TEST(RecoveryRaceTest, AllThatSucceedAgreeAndKeepWhatWasAcknowledged) {
  int succeeded = 0;
  int several = 0;
  for (std::uint64_t seed = 1; seed <= 1500; ++seed) {
    common::Random random(seed);
    LedgerCell cell(NewLedger(kShape));
    BookieModel bookies;
    const auto acked = static_cast<std::int64_t>(common::Below(random, 8)) - 1;
    // Acknowledged: two copies of three. Above: one copy, or none.
    for (std::int64_t entry = 0; entry < acked + 4; ++entry) {
      const auto lac =
          std::min(acked, entry - 1 - static_cast<std::int64_t>(common::Below(random, 3)));
      const int missing = static_cast<int>(common::Below(random, 3));
      for (int slot = 0; slot < 3; ++slot) {
        const bool stored = entry <= acked ? slot != missing : common::Below(random, 3) == 0;
        if (stored) bookies.Store(slot, entry, std::max<std::int64_t>(-1, lac));
      }
    }
    std::vector<std::unique_ptr<RecoveryHarness>> all;
    for (int i = 0; i < 3; ++i) all.push_back(std::make_unique<RecoveryHarness>(cell, bookies));
    for (int step = 0; step < 200; ++step) {
      auto& recovery = all[common::Below(random, all.size())];
      if (common::Below(random, 40) == 0 && !recovery->finished()) {
        recovery = std::make_unique<RecoveryHarness>(cell, bookies);  // died; another comes
      }
      if (common::Below(random, 20) == 0) {
        auto& bookie = bookies.at(static_cast<int>(common::Below(random, 3)));
        bookie.answer = bookie.answer ? std::nullopt : std::optional(Code::kTimeout);
      }
      if (!recovery->work.empty()) recovery->RunAt(common::Below(random, recovery->work.size()));
    }
    for (int i = 0; i < 3; ++i) bookies.at(i).answer.reset();
    all.push_back(std::make_unique<RecoveryHarness>(cell, bookies));
    int agreed = 0;
    for (auto& recovery : all) {
      recovery->RunAll();
      ASSERT_TRUE(recovery->finished()) << "seed " << seed;
      if (recovery->error()) {
        ASSERT_TRUE(recovery->error() == Errc::kRecoveryBlocked ||
                    recovery->error() == Errc::kReadFailed)
            << "seed " << seed << ": " << recovery->protocol.result().error().ToString();
        continue;
      }
      ++agreed;
      ASSERT_EQ(recovery->closed(), cell.value()) << "seed " << seed;
    }
    ASSERT_EQ(all.back()->error(), std::nullopt) << "seed " << seed;
    ASSERT_GE(cell.value().last_entry, EntryId(acked)) << "seed " << seed;
    const EntryId last = cell.value().last_entry;
    ASSERT_EQ(cell.value().length, last == kNoEntry ? 0 : BookieModel::Length(last.value()));
    for (EntryId entry(0); entry <= last; ++entry) {
      int copies = 0;
      for (const auto& bookie : cell.value().EnsembleOf(entry)) {
        copies += bookies.bookies[bookie].entries.contains(entry) ? 1 : 0;
      }
      ASSERT_GE(copies, 2) << "seed " << seed << " entry " << entry.value();
    }
    ++succeeded;
    several += agreed > 1 ? 1 : 0;
  }
  EXPECT_EQ(succeeded, 1500);
  EXPECT_GT(several, 500);
}

}  // namespace
}  // namespace quire::client
