#include "tests/exhaustive/moves.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

namespace quire::exhaustive {
namespace {

using Kind = Move::Kind;

class MovesTest : public testing::Test {
 protected:
  MovesTest() {
    configuration_ = NamedConfiguration("3/3/2");
    configuration_.eager = false;
    configuration_.budgets = {.timeouts = 1, .crashes = 1, .lost_answers = 1};
  }
  void Begin() {
    rules_.emplace(configuration_);
    world_ = rules_->Begin(nullptr);
  }
  bool Take(Kind kind) {
    std::vector<Move> moves;
    rules_->Moves(world_, moves);
    const auto move = std::ranges::find(moves, kind, &Move::kind);
    if (move == moves.end()) return false;
    EXPECT_EQ(rules_->Take(world_, *move, nullptr), "");
    return true;
  }
  bool Can(Kind kind) {
    std::vector<Move> moves;
    rules_->Moves(world_, moves);
    return std::ranges::find(moves, kind, &Move::kind) != moves.end();
  }
  int Pushed() { return rules_->machines().Writer(world_.writer).pushed; }
  metadata::LedgerState State() {
    return rules_->machines().registers().Value(world_.record).state;
  }

  Configuration configuration_;
  std::optional<Rules> rules_;
  World world_;
};

TEST_F(MovesTest, TheWriterAppendsWithinItsWindow) {
  Begin();
  ASSERT_TRUE(Take(Kind::kAppend));
  EXPECT_EQ(world_.calls_size, 3);
  EXPECT_FALSE(Can(Kind::kAppend));
  configuration_.window = 2;
  Begin();
  ASSERT_TRUE(Take(Kind::kAppend));
  ASSERT_TRUE(Take(Kind::kAppend));
  EXPECT_FALSE(Can(Kind::kAppend));
  EXPECT_EQ(world_.calls_size, 6);
}

TEST_F(MovesTest, ARequestThatTimesOutMayStillArrive) {
  Begin();
  ASSERT_TRUE(Take(Kind::kAppend));
  ASSERT_TRUE(Take(Kind::kTimeOut));
  EXPECT_EQ(world_.timeouts, 0);
  EXPECT_FALSE(Can(Kind::kTimeOut));
  ASSERT_EQ(world_.calls_size, 3);
  EXPECT_EQ(world_.calls[0].owner, Call::kNobody);
  EXPECT_EQ(world_.change.phase, MetaCall::kAsked);
  const auto bookie = world_.calls[0].bookie;
  ASSERT_TRUE(Take(Kind::kDeliver));
  EXPECT_NE(world_.bookies[bookie].Stored(0), 0);
  EXPECT_EQ(world_.calls_size, 2);
}

TEST_F(MovesTest, ACrashTakesTheAnswersThatWaitedForTheDisk) {
  Begin();
  EXPECT_FALSE(Can(Kind::kCrash));
  ASSERT_TRUE(Take(Kind::kAppend));
  ASSERT_TRUE(Take(Kind::kDeliver));
  EXPECT_EQ(world_.calls[0].after, 1U);
  ASSERT_TRUE(Take(Kind::kCrash));
  EXPECT_EQ(world_.bookies[0].Records(), 0);
  EXPECT_EQ(static_cast<protocol::Code>(world_.calls[0].code), protocol::Code::kDisconnected);
  EXPECT_FALSE(Can(Kind::kCrash));
}

TEST_F(MovesTest, ALostAnswerIsLookedFor) {
  Begin();
  ASSERT_TRUE(Take(Kind::kStart));
  ASSERT_TRUE(Take(Kind::kSwapUnanswered));
  EXPECT_EQ(State(), metadata::LedgerState::kInRecovery);
  EXPECT_EQ(world_.calls_size, 0);
  ASSERT_TRUE(Take(Kind::kReread));
  EXPECT_EQ(world_.calls_size, 3);  // the fences
}

TEST_F(MovesTest, ALateSwapIsAppliedUnlessSomebodyWroteMeanwhile) {
  Begin();
  ASSERT_TRUE(Take(Kind::kStart));
  ASSERT_TRUE(Take(Kind::kSwapLate));
  EXPECT_EQ(State(), metadata::LedgerState::kOpen);
  const World late = world_;
  ASSERT_TRUE(Take(Kind::kApplyLate));
  EXPECT_EQ(State(), metadata::LedgerState::kInRecovery);
  world_ = late;
  ASSERT_TRUE(Take(Kind::kReread));  // and swaps anew
  EXPECT_EQ(State(), metadata::LedgerState::kInRecovery);
  EXPECT_FALSE(Can(Kind::kApplyLate));
}

// With nothing that can fail the writer alone has no choice but in what its bookies get first.
TEST_F(MovesTest, EagerStepsAreNoMoves) {
  configuration_.eager = true;
  configuration_.budgets = {};
  Begin();
  EXPECT_EQ(Pushed(), 0);
  while (Take(Kind::kDeliver)) continue;
  EXPECT_EQ(Pushed(), 1);
  EXPECT_TRUE(Take(Kind::kSwap));  // the close
  EXPECT_EQ(State(), metadata::LedgerState::kClosed);
}

}  // namespace
}  // namespace quire::exhaustive
