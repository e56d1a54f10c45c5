#include "bookie/hold_back.h"

#include <gtest/gtest.h>

#include <chrono>

namespace quire::bookie {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

class HoldBackTest : public ::testing::Test {
 protected:
  void Batch(common::Duration took) {
    now_ += took;
    hold_back_.JournalWrote(now_, took);
  }
  // Batches of nothing but appends, one of 200 slow.
  void Rest(int batches = 2000) {
    for (int i = 0; i < batches; ++i) Batch(i % 200 == 0 ? milliseconds(4) : milliseconds(1));
  }
  // A step and the batches that feel it, then some that do not.
  void Step(common::Duration beside) {
    hold_back_.BeginStep();
    Batch(beside);
    hold_back_.EndStep(now_);
    Batch(beside);  // its sync has the step's writes to flush
    for (int i = 0; i < 10; ++i) Batch(milliseconds(1));
  }
  void Steps(int count, common::Duration beside) {
    for (int i = 0; i < count; ++i) Step(beside);
  }

  common::TimePoint now_{};
  HoldBack hold_back_;
};

TEST_F(HoldBackTest, KeepsTheRateWhenBatchesBesideStepsAreAsQuickAsOthers) {
  Rest();
  Steps(200, milliseconds(1));
  EXPECT_EQ(hold_back_.factor(), 1);
}

TEST_F(HoldBackTest, GoesBackAsFarAsItMayWhileStepsMakeTheJournalWait) {
  Rest();
  Steps(5, milliseconds(8));
  EXPECT_GT(hold_back_.factor(), 4);
  Steps(200, milliseconds(8));
  EXPECT_GT(hold_back_.factor(), 0.9 * HoldBack::kMost);
}

TEST_F(HoldBackTest, ComesForwardAgainWhenTheyDoNot) {
  Rest();
  Steps(200, milliseconds(8));
  Steps(2000, milliseconds(1));
  EXPECT_EQ(hold_back_.factor(), 1);
}

// So few of all batches are beside a step then that the slowest hundredth is not theirs.
TEST_F(HoldBackTest, AStepNowAndThenMayBeFelt) {
  Rest();
  for (int i = 0; i < 100; ++i) {
    Step(milliseconds(4));
    Rest(3000);
  }
  EXPECT_LT(hold_back_.factor(), 2);
}

// A disk that is slow by itself is no reason, only one that steps make slower.
TEST_F(HoldBackTest, ADiskThatIsSlowWithoutStepsAsWellIsNoReason) {
  Rest();
  for (int i = 0; i < 2000; ++i) Batch(milliseconds(20));
  for (int i = 0; i < 200; ++i) {
    Step(milliseconds(20));
    for (int j = 0; j < 10; ++j) Batch(milliseconds(20));
  }
  EXPECT_LT(hold_back_.factor(), 2);
}

TEST_F(HoldBackTest, HoldsBackForNobodyWhenNobodyAppends) {
  Rest();
  Steps(200, milliseconds(8));
  ASSERT_GT(hold_back_.factor(), 0.9 * HoldBack::kMost);
  for (int i = 0; i < 6; ++i) {
    hold_back_.BeginStep();
    now_ += milliseconds(5);
    hold_back_.EndStep(now_);
    now_ += milliseconds(500);
  }
  EXPECT_EQ(hold_back_.factor(), 1);
}

// Or, with every batch beside a step, nothing would ever be known.
TEST_F(HoldBackTest, RestsLongerUntilItKnowsABatchThatIsBesideNoStep) {
  hold_back_.BeginStep();
  for (int i = 0; i < 100; ++i) Batch(milliseconds(50));
  EXPECT_GT(hold_back_.factor(), 0.9 * HoldBack::kMost);
}

TEST_F(HoldBackTest, OneSlowBatchIsNoProof) {
  Rest();
  Step(milliseconds(1));
  hold_back_.BeginStep();
  Batch(milliseconds(500));
  EXPECT_LT(hold_back_.factor(), 2.1);
}

// They are slow because of it all the same.
TEST_F(HoldBackTest, BatchesThatEndAfterTheStepCount) {
  Rest();
  for (int i = 0; i < 200; ++i) {
    hold_back_.BeginStep();
    now_ += milliseconds(1);
    hold_back_.EndStep(now_);
    now_ += milliseconds(3);
    hold_back_.JournalWrote(now_, milliseconds(4));  // begun when the step did
    Batch(milliseconds(4));
    for (int j = 0; j < 10; ++j) Batch(milliseconds(1));
  }
  EXPECT_GT(hold_back_.factor(), 0.9 * HoldBack::kMost);
}

TEST_F(HoldBackTest, ABatchOfBeforeTheStepEndedIsBesideItAndTheNextOneToo) {
  Rest();
  hold_back_.BeginStep();
  now_ += milliseconds(2);
  hold_back_.EndStep(now_);
  now_ += milliseconds(1);
  hold_back_.JournalWrote(now_, milliseconds(40));  // begun before the end
  const double felt = hold_back_.factor();
  EXPECT_GT(felt, 1);
  Batch(milliseconds(10));  // begun after it
  EXPECT_GT(hold_back_.factor(), felt);
  const double after = hold_back_.factor();
  Batch(milliseconds(10));  // beside nothing
  EXPECT_LE(hold_back_.factor(), after);
}

}  // namespace
}  // namespace quire::bookie
