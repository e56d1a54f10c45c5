// RecoveryProtocol: stories of protocol 1.7, one recoverer at a time.
#include "client/recovery_protocol.h"

#include <gtest/gtest.h>

#include "recovery_harness.h"

namespace quire::client {
namespace {

using Kind = RecoveryHarness::Kind;
using metadata::LedgerState;

// Entries first..last on the whole write set, each with the LAC of `behind` entries before.
void StoreAll(BookieModel& bookies, const protocol::Replication& r, std::int64_t first,
              std::int64_t last, std::int64_t behind) {
  for (std::int64_t entry = first; entry <= last; ++entry) {
    for (int i = 0; i < r.write_quorum; ++i) {
      bookies.Store(protocol::WriteSetSlot(r, EntryId(entry), i), entry,
                    std::max<std::int64_t>(-1, entry - behind));
    }
  }
}

struct Story {
  explicit Story(const protocol::Replication& r = {3, 3, 2}) : cell(NewLedger(r)) {}
  RecoveryHarness Recover() { return RecoveryHarness(cell, bookies); }
  // Runs one to its end.
  std::optional<Errc> RunOne() {
    auto recovery = Recover();
    recovery.RunAll();
    EXPECT_TRUE(recovery.finished());
    return recovery.error();
  }
  LedgerCell cell;
  BookieModel bookies;
};

// C08
TEST(RecoveryTest, ClosesAtTheLastEntryThatMayHaveBeenAcknowledged) {
  Story story;
  StoreAll(story.bookies, {3, 3, 2}, 0, 9, 2);
  auto recovery = story.Recover();
  recovery.RunAll();
  ASSERT_TRUE(recovery.finished());
  EXPECT_EQ(recovery.closed().last_entry, EntryId(9));
  EXPECT_EQ(recovery.closed().length, 100);
  EXPECT_EQ(recovery.closed().state, LedgerState::kClosed);
  EXPECT_EQ(recovery.protocol.recovered(), 2);
  EXPECT_EQ(recovery.closed().recovery_claims, 1);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(story.bookies.at(i).fenced);
}

// C09, T-21
TEST(RecoveryTest, ClosesAnEmptyLedgerAtNoEntry) {
  Story story;
  auto recovery = story.Recover();
  recovery.RunAll();
  EXPECT_EQ(recovery.closed().last_entry, kNoEntry);
  EXPECT_EQ(recovery.closed().length, 0);
  EXPECT_TRUE(recovery.measured.empty());
}

// An entry on one bookie only may be kept; it then is on a whole quorum.
TEST(RecoveryTest, BringsASingleCopyBackToAQuorum) {
  Story story;
  StoreAll(story.bookies, {3, 3, 2}, 0, 3, 1);
  story.bookies.Store(2, 4, 3);
  story.bookies.at(1).answer = Code::kTimeout;
  auto recovery = story.Recover();
  recovery.RunAll();
  ASSERT_EQ(recovery.error(), std::nullopt);
  EXPECT_EQ(recovery.closed().last_entry, EntryId(4));
  const auto& ensemble = recovery.closed().EnsembleOf(EntryId(4));
  int copies = 0;
  for (const auto& bookie : ensemble)
    copies += story.bookies.bookies[bookie].entries.contains(EntryId(4));
  EXPECT_GE(copies, 2);
}

// T-12: what a bookie gets is what the writer made, with the LAC it had then.
TEST(RecoveryTest, CopiesTheBytesOfTheWriter) {
  Story story;
  StoreAll(story.bookies, {3, 3, 2}, 0, 5, 4);
  story.bookies.at(2).entries.erase(EntryId(5));
  story.bookies.at(2).entries.erase(EntryId(4));
  EXPECT_EQ(story.RunOne(), std::nullopt);
  EXPECT_EQ(story.bookies.at(2).entries.at(EntryId(5)), EntryBytes(5, 1, 60));
  for (auto& [id, bookie] : story.bookies.bookies) {
    bookie.answer.reset();
    EXPECT_LE(story.bookies.Fence(id).second, EntryId(1));  // nobody heard of a higher LAC
  }
}

// T-25: entry 3 is confirmed and tells of LAC 2 ... nothing is recovered when the LAC is explicit.
TEST(RecoveryTest, TakesTheLengthFromTheEntryThatIsTheEnd) {
  Story story;
  StoreAll(story.bookies, {3, 3, 2}, 0, 3, 1);
  story.bookies.at(0).explicit_lac = EntryId(3);
  auto recovery = story.Recover();
  recovery.RunAll();
  EXPECT_EQ(recovery.protocol.recovered(), 0);
  EXPECT_EQ(recovery.measured, std::vector{EntryId(3)});
  EXPECT_EQ(recovery.closed().length, BookieModel::Length(3));
}

TEST(RecoveryTest, ALengthThatCannotBeReadEndsItWithoutClosing) {
  Story story;
  StoreAll(story.bookies, {3, 3, 2}, 0, 3, 1);
  story.bookies.at(0).explicit_lac = EntryId(3);
  auto recovery = story.Recover();
  while (recovery.Waiting(Kind::kLength) == 0) ASSERT_TRUE(recovery.RunOne());
  for (int i = 0; i < 3; ++i) story.bookies.at(i).answer = Code::kTimeout;
  recovery.RunAll();
  EXPECT_EQ(recovery.error(), Errc::kReadFailed);
  EXPECT_EQ(story.cell.value().state, LedgerState::kInRecovery);
}

// C21: 14 exists, 10 to 13 were never acknowledged.
TEST(RecoveryTest, DropsWhatLiesAboveAGap) {
  Story story;
  StoreAll(story.bookies, {3, 3, 2}, 0, 9, 1);
  StoreAll(story.bookies, {3, 3, 2}, 14, 14, 6);
  EXPECT_EQ(story.RunOne(), std::nullopt);
  EXPECT_EQ(story.cell.value().last_entry, EntryId(9));
  EXPECT_EQ(story.cell.value().length, 100);
}

// C22, T-02
TEST(RecoveryTest, ProceedsOrBlocksByTheMatrixOfAnswers) {
  struct Row {
    protocol::Replication replication;
    std::vector<std::optional<Code>> answers;  // nullopt: healthy
    bool proceeds;
  };
  const std::vector<Row> rows = {
      {{3, 3, 2}, {std::nullopt, Code::kNoLedger, Code::kTimeout}, true},
      {{3, 3, 2}, {std::nullopt, Code::kTimeout, Code::kDisconnected}, false},
      {{3, 3, 2}, {Code::kTimeout, Code::kTimeout, Code::kTimeout}, false},  // C15
      {{2, 2, 2}, {std::nullopt, Code::kTimeout}, true},
      {{2, 2, 2}, {Code::kTimeout, Code::kTimeout}, false},
      {{3, 3, 1}, {std::nullopt, std::nullopt, Code::kTimeout}, false},
      {{4, 2, 2}, {std::nullopt, Code::kTimeout, std::nullopt, Code::kTimeout}, true},
      {{4, 2, 2}, {std::nullopt, Code::kTimeout, Code::kTimeout, std::nullopt}, false},
      {{3, 3, 2}, {std::nullopt, Code::kUnknown, Code::kUnknown}, false},  // C30
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Story story(rows[i].replication);
    for (std::size_t slot = 0; slot < rows[i].answers.size(); ++slot) {
      story.bookies.at(static_cast<int>(slot)).answer = rows[i].answers[slot];
    }
    const auto error = story.RunOne();
    EXPECT_EQ(error, rows[i].proceeds ? std::nullopt : std::optional(Errc::kRecoveryBlocked)) << i;
    EXPECT_EQ(story.cell.value().state,
              rows[i].proceeds ? LedgerState::kClosed : LedgerState::kInRecovery)
        << i;
  }
}

// C15: and a later attempt, with the bookies back, ends well.
TEST(RecoveryTest, ABlockedRecoveryDecidesNothingAndCanBeRunAgain) {
  Story story;
  StoreAll(story.bookies, {3, 3, 2}, 0, 2, 1);
  for (int i = 0; i < 3; ++i) story.bookies.at(i).answer = Code::kTimeout;
  EXPECT_EQ(story.RunOne(), Errc::kRecoveryBlocked);
  for (int i = 0; i < 3; ++i) story.bookies.at(i).answer.reset();
  EXPECT_EQ(story.RunOne(), std::nullopt);
  EXPECT_EQ(story.cell.value().last_entry, EntryId(2));
}

// C30: the tail is in limbo on the bookies that may hold it.
TEST(RecoveryTest, UnknownIsNotAbsent) {
  Story story;
  StoreAll(story.bookies, {3, 3, 2}, 0, 4, 1);
  for (int i = 0; i < 2; ++i) {
    story.bookies.at(i).limbo = {EntryId(4)};
    story.bookies.at(i).explicit_lac = EntryId(3);
  }
  story.bookies.at(2).entries.erase(EntryId(4));
  EXPECT_EQ(story.RunOne(), Errc::kRecoveryBlocked);
  story.bookies.at(1).limbo.clear();
  EXPECT_EQ(story.RunOne(), std::nullopt);
  EXPECT_EQ(story.cell.value().last_entry, EntryId(4));
}

// C11, C12, T-14: one bookie never answers at all.
TEST(RecoveryTest, AHangingBookieDoesNotHoldItUp) {
  Story story;
  StoreAll(story.bookies, {3, 3, 2}, 0, 4, 2);
  auto recovery = story.Recover();
  while (true) {
    const auto next = std::ranges::find_if(recovery.work, [](const auto& one) {
      return one.slot != 1 || one.kind == Kind::kClaim || one.kind == Kind::kClose;
    });
    if (next == recovery.work.end()) break;
    recovery.RunAt(static_cast<std::size_t>(next - recovery.work.begin()));
  }
  ASSERT_TRUE(recovery.finished());
  EXPECT_EQ(recovery.closed().last_entry, EntryId(4));
  recovery.RunAll();  // the late answers do nothing
}

// C10
TEST(RecoveryTest, AWrongKeyEndsIt) {
  Story story;
  story.bookies.at(0).answer = Code::kUnauthorized;
  EXPECT_EQ(story.RunOne(), Errc::kUnauthorized);
  EXPECT_EQ(story.cell.value().state, LedgerState::kInRecovery);
}

TEST(RecoveryTest, AWrongKeyFoundWhileReadingEndsIt) {
  Story story;
  StoreAll(story.bookies, {3, 3, 2}, 0, 1, 1);
  auto recovery = story.Recover();
  while (recovery.Waiting(Kind::kRead) == 0) ASSERT_TRUE(recovery.RunOne());
  for (int i = 0; i < 3; ++i) story.bookies.at(i).answer = Code::kUnauthorized;
  recovery.RunAll();
  EXPECT_EQ(recovery.error(), Errc::kUnauthorized);
}

TEST(RecoveryTest, AClosedLedgerIsLeftAlone) {
  Story story;
  story.cell.Foreign([](auto& ledger) {
    ledger.state = LedgerState::kClosed;
    ledger.last_entry = EntryId(3);
    ledger.length = 9;
  });
  auto recovery = story.Recover();
  recovery.RunAll();
  EXPECT_EQ(recovery.closed().last_entry, EntryId(3));
  EXPECT_EQ(story.cell.now().version.value, 1);
  EXPECT_TRUE(story.bookies.bookies.empty());  // nobody was asked anything
}

TEST(RecoveryTest, ADeletedLedgerSaysSoAtAnyTime) {
  Story before;
  before.cell.Foreign([](auto& ledger) { ledger.state = LedgerState::kDeleted; });
  EXPECT_EQ(before.RunOne(), Errc::kNoSuchLedger);
  Story during;
  auto recovery = during.Recover();
  recovery.RunOne();
  during.cell.Foreign([](auto& ledger) { ledger.state = LedgerState::kDeleted; });
  recovery.RunAll();
  EXPECT_EQ(recovery.error(), Errc::kNoSuchLedger);
  EXPECT_EQ(during.cell.value().state, LedgerState::kDeleted);
}

// C19, T-13, M20: bookies of the second segment that know nothing.
TEST(RecoveryTest, NeverStartsBelowTheLastSegment) {
  Story story;
  StoreAll(story.bookies, {3, 3, 2}, 0, 999, 1);
  story.cell.Foreign([](auto& ledger) { ledger.segments[EntryId(1000)] = Bookies(3, 3); });
  auto recovery = story.Recover();
  recovery.RunAll();
  ASSERT_EQ(recovery.error(), std::nullopt);
  EXPECT_EQ(recovery.closed().last_entry, EntryId(999));
  EXPECT_EQ(recovery.closed().length, BookieModel::Length(999));
  EXPECT_EQ(recovery.closed().segments.size(), 2u);
  for (const auto& [slot, entry] : recovery.reads) EXPECT_GE(entry, EntryId(1000));
}

// T-11, M8, M9, C13: reads go to the ensemble as it was, writes to the one it has become.
TEST(RecoveryTest, ReadsTheFrozenEnsembleWhileWritesGoToTheChangedOne) {
  Story story;
  StoreAll(story.bookies, {3, 3, 2}, 0, 499, 500);
  story.bookies.at(0).add_answer = Code::kReadOnly;
  auto recovery = story.Recover();
  while (!recovery.finished()) {
    ASSERT_TRUE(recovery.RunOne());
    if (!recovery.finished()) {
      EXPECT_EQ(recovery.protocol.frozen(), Bookies(0, 3));
      EXPECT_EQ(story.cell.value().segments.size(), 1u);  // nothing is published before the close
    }
  }
  ASSERT_EQ(recovery.error(), std::nullopt);
  EXPECT_EQ(recovery.closed().last_entry, EntryId(499));
  EXPECT_EQ(recovery.closed().EnsembleOf(EntryId(499))[0], B(10));
  for (std::int64_t entry = 0; entry < 500; ++entry) {
    int copies = 0;
    for (const auto& bookie : recovery.closed().EnsembleOf(EntryId(entry))) {
      copies += story.bookies.bookies[bookie].entries.contains(EntryId(entry)) ? 1 : 0;
    }
    ASSERT_GE(copies, 2) << entry;
  }
}

// A slot fails when everything is confirmed: its segment would hold nothing and is not published.
TEST(RecoveryTest, ASegmentBehindTheEndIsForgotten) {
  Story story;
  StoreAll(story.bookies, {3, 3, 2}, 0, 4, 3);
  auto recovery = story.Recover();
  while (recovery.Waiting(Kind::kRead) == 0) ASSERT_TRUE(recovery.RunOne());
  while (recovery.Waiting(Kind::kAdd) == 0) ASSERT_TRUE(recovery.RunOne());
  const auto run_add = [&] {
    const auto add = std::ranges::find(recovery.work, Kind::kAdd, &RecoveryHarness::Work::kind);
    recovery.RunAt(static_cast<std::size_t>(add - recovery.work.begin()));
  };
  while (recovery.Waiting(Kind::kAdd) > 1) run_add();
  story.bookies.at(0).add_answer = Code::kReadOnly;  // the last slot of entry 4
  run_add();
  EXPECT_EQ(recovery.protocol.writes().segments().size(), 1u);
  recovery.RunAll();
  ASSERT_EQ(recovery.error(), std::nullopt);
  EXPECT_EQ(recovery.closed().last_entry, EntryId(4));
  EXPECT_EQ(recovery.closed().segments.size(), 1u);
}

// C16, T-22, M21
TEST(RecoveryTest, TooFewBookiesToWriteToNeverTruncate) {
  Story story;
  StoreAll(story.bookies, {3, 3, 2}, 0, 4, 2);
  for (int i = 0; i < 3; ++i) story.bookies.at(i).add_answer = Code::kReadOnly;
  auto recovery = story.Recover();
  recovery.spares.clear();
  recovery.RunAll();
  EXPECT_EQ(recovery.error(), Errc::kNotEnoughBookies);
  EXPECT_EQ(story.cell.value().state, LedgerState::kInRecovery);
  for (int i = 0; i < 3; ++i) story.bookies.at(i).add_answer.reset();
  EXPECT_EQ(story.RunOne(), std::nullopt);
  EXPECT_EQ(story.cell.value().last_entry, EntryId(4));
}

// M10
TEST(RecoveryTest, ClosesOnlyOnceEverythingIsWrittenBack) {
  Story story;
  StoreAll(story.bookies, {3, 3, 2}, 0, 4, 3);
  auto recovery = story.Recover();
  while (recovery.Waiting(Kind::kAdd) == 0) ASSERT_TRUE(recovery.RunOne());
  recovery.Run(Kind::kRead);
  recovery.Run(Kind::kRead);
  EXPECT_EQ(recovery.Waiting(Kind::kClose), 0u);
  EXPECT_GT(recovery.Waiting(Kind::kAdd), 0u);
  recovery.Run(Kind::kAdd);
  EXPECT_EQ(recovery.Waiting(Kind::kClose), 1u);
}

TEST(RecoveryTest, ABusyBookieIsAskedAgain) {
  Story story({2, 2, 2});
  StoreAll(story.bookies, {2, 2, 2}, 0, 3, 2);
  story.bookies.at(1).add_answer = Code::kBusy;
  auto recovery = story.Recover();
  recovery.RunAll();
  EXPECT_FALSE(recovery.finished());
  EXPECT_FALSE(recovery.later.empty());
  story.bookies.at(1).add_answer.reset();
  recovery.ResendLater();
  recovery.RunAll();
  EXPECT_EQ(recovery.closed().LastEnsemble(), Bookies(0, 2));
}

TEST(RecoveryTest, NothingIsSentAgainOnceItHasEnded) {
  Story story({2, 2, 2});
  StoreAll(story.bookies, {2, 2, 2}, 0, 3, 2);
  story.bookies.at(1).add_answer = Code::kBusy;
  auto recovery = story.Recover();
  recovery.RunAll();
  ASSERT_FALSE(recovery.later.empty());
  const auto busy = recovery.later.front();
  RecoveryEffects effects;
  recovery.protocol.OnAdd(busy, Code::kConflict, effects);
  EXPECT_TRUE(effects.finished);
  EXPECT_FALSE(recovery.protocol.ShouldResend(busy));
}

// T-37
TEST(RecoveryTest, ReplicasThatDifferEndItWithAnAlarm) {
  Story story;
  StoreAll(story.bookies, {3, 3, 2}, 0, 3, 2);
  story.bookies.at(1).entries[EntryId(3)] = EntryBytes(3, 0, 999);
  EXPECT_EQ(story.RunOne(), Errc::kConflict);
  EXPECT_EQ(story.cell.value().state, LedgerState::kInRecovery);
}

}  // namespace
}  // namespace quire::client
