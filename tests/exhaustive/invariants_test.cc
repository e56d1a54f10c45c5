#include "tests/exhaustive/invariants.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace quire::exhaustive {
namespace {

// Worlds that no step leads to, each with one thing wrong.
class InvariantsTest : public testing::Test {
 protected:
  // The writer has closed the ledger with its two entries.
  World Closed() {
    World world = rules_.Begin(nullptr);
    std::vector<Move> moves;
    while (!rules_.machines().registers().Closed(world.record)) {
      rules_.Moves(world, moves);
      const auto move =
          std::ranges::find_if(moves, [](const Move& m) { return m.kind != Move::Kind::kStart; });
      EXPECT_NE(move, moves.end());
      EXPECT_EQ(rules_.Take(world, *move, nullptr), "");
      EXPECT_EQ(FindViolation(world, rules_), "");
    }
    return world;
  }
  std::string Finds(const World& world) { return FindViolation(world, rules_); }
  // The record as it would be, closed at `last`.
  RecordId ClosedAt(std::int64_t last, std::int64_t length) {
    Registers& registers = rules_.machines().registers();
    auto ledger = registers.Value(0);
    ledger.state = metadata::LedgerState::kClosed;
    ledger.last_entry = protocol::EntryId(last);
    ledger.length = length;
    return registers.IdOf({std::make_shared<const metadata::LedgerMetadata>(ledger), {9}});
  }

  Rules rules_{NamedConfiguration("3/3/2")};
};

TEST_F(InvariantsTest, AnAcknowledgedEntryIsBelowTheEnd) {
  World world = Closed();
  world.record = ClosedAt(0, 1);
  EXPECT_TRUE(Finds(world).starts_with("I1, I3: entry 1")) << Finds(world);
}

TEST_F(InvariantsTest, AClosedLedgerHasItsCopies) {
  World world = Closed();
  world.bookies = {};
  EXPECT_TRUE(Finds(world).starts_with("I2: closed, and entry 0 has 0")) << Finds(world);
}

TEST_F(InvariantsTest, ACopyInAJournalThatMayBeLostIsNone) {
  World world = Closed();
  const std::uint8_t content = world.bookies[0].Durable(0);
  ASSERT_NE(content, 0);
  for (auto& bookie : world.bookies) {
    const std::uint8_t second = bookie.Durable(1);
    bookie = {};
    bookie.Add(0, content, false, Deviation::kNone);
    if (second != 0) bookie.Add(1, second, false, Deviation::kNone);
  }
  EXPECT_TRUE(Finds(world).starts_with("I2")) << Finds(world);
}

TEST_F(InvariantsTest, CopiesAreEqual) {
  World world = Closed();
  std::string bytes;
  protocol::EncodeEntry({.ledger = protocol::LedgerId(7), .entry = protocol::EntryId(0)}, "other",
                        bytes);
  const std::uint8_t other = rules_.machines().contents().IdOf(bytes);
  world.bookies[2] = {};
  world.bookies[2].Add(0, other, true, Deviation::kNone);
  EXPECT_TRUE(Finds(world).starts_with("I4")) << Finds(world);
}

TEST_F(InvariantsTest, NoBookieTellsOfALacAboveTheEnd) {
  World world = Closed();
  World begin = rules_.Begin(nullptr);
  world.writer = begin.writer;
  world.close = {};
  world.calls_size = 0;
  for (const Call& call : {begin.calls[0], begin.calls[1], begin.calls[2]}) world.Add(call);
  world.record = ClosedAt(-1, 0);
  EXPECT_TRUE(Finds(world).starts_with("I5")) << Finds(world);
}

TEST_F(InvariantsTest, TheLengthIsThatOfTheEntries) {
  World world = Closed();
  world.record = ClosedAt(1, 4);
  EXPECT_TRUE(Finds(world).starts_with("T-25")) << Finds(world);
}

TEST_F(InvariantsTest, ThatTheWriterClosedItIsTrue) {
  World world = Closed();
  world.record = 0;
  EXPECT_TRUE(Finds(world).starts_with("I11: the writer")) << Finds(world);
}

TEST_F(InvariantsTest, WhoIsNotFinishedWaitsForSomething) {
  World world = rules_.Begin(nullptr);
  EXPECT_EQ(Finds(world), "");
  ASSERT_NE(world.calls_size, 0);
  world.calls_size = 0;
  EXPECT_TRUE(Finds(world).starts_with("STALL: the writer")) << Finds(world);
  world.recoverers[0] = rules_.machines().NewRecoverer(0);
  world.retry_due = true;  // that is something to wait for
  EXPECT_TRUE(Finds(world).starts_with("STALL: R1")) << Finds(world);
}

TEST_F(InvariantsTest, ARecoveryReturnsTheEndThatIs) {
  Machines& machines = rules_.machines();
  World world = Closed();
  const RecordId other = ClosedAt(0, 1);
  world.recoverers[0] =
      machines
          .StepRecoverer(machines.NewRecoverer(0), {.kind = Event::Kind::kClaimed, .value = other})
          .next;
  ASSERT_TRUE(machines.Recoverer(world.recoverers[0]).finished);
  EXPECT_TRUE(Finds(world).starts_with("I11: R1")) << Finds(world);
}

TEST_F(InvariantsTest, ARecoveryThatNothingDisturbedSucceeds) {
  Machines& machines = rules_.machines();
  World world = rules_.Begin(nullptr);
  const auto failed = MetaOutcome::Failed(common::Errc::kRecoveryBlocked);
  world.recoverers[0] = machines
                            .StepRecoverer(machines.NewRecoverer(0), {.kind = Event::Kind::kClaimed,
                                                                      .value = failed.number()})
                            .next;
  EXPECT_TRUE(Finds(world).starts_with("R1 does not close")) << Finds(world);
}

}  // namespace
}  // namespace quire::exhaustive
