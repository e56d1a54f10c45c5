#include "common/byte_budget.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/bookie/manual_loop.h"

namespace quire::common {
namespace {

using bookie::ManualLoop;
using Hold = ByteBudget::Hold;
using Turn = ByteBudget::Turn;

class ByteBudgetTest : public ::testing::Test {
 protected:
  // Takes so many bytes when there is room, and notes that it did.
  void TakeWhenRoom(std::size_t bytes, int who, Turn turn = Turn::kUsual) {
    if (!budget_->Has(bytes, turn)) {
      const auto again = [this, bytes, who, turn] { TakeWhenRoom(bytes, who, turn); };
      return budget_->Await(bytes, again, turn);
    }
    held_.emplace_back(budget_, bytes);
    took_.push_back(who);
  }

  ManualLoop loop_;
  std::shared_ptr<ByteBudget> budget_ = std::make_shared<ByteBudget>(loop_, 100);
  std::vector<Hold> held_;
  std::vector<int> took_;
};

TEST_F(ByteBudgetTest, CountsWhatIsHeldAndTheMostThatEverWas) {
  Hold first(budget_, 40);
  {
    const Hold second(budget_, 50);
    EXPECT_EQ(budget_->used(), 90U);
    EXPECT_TRUE(budget_->Has(10));
    EXPECT_FALSE(budget_->Has(11));
  }
  Hold moved = std::move(first);
  first = Hold();
  EXPECT_EQ(budget_->used(), 40U);
  moved.Resize(70);
  EXPECT_EQ(budget_->used(), 70U);
  moved = Hold();
  EXPECT_EQ(budget_->used(), 0U);
  EXPECT_EQ(budget_->peak(), 90U);
}

TEST_F(ByteBudgetTest, ThoseWhoWaitHaveTheirTurnInOrderAndOnlyWhenThereIsRoom) {
  auto all = std::make_unique<Hold>(budget_, 100);
  TakeWhenRoom(80, 1);
  TakeWhenRoom(10, 2);
  TakeWhenRoom(60, 3);
  TakeWhenRoom(1, 4);
  EXPECT_TRUE(budget_->awaited());
  loop_.RunAll();
  EXPECT_TRUE(took_.empty());
  all.reset();
  EXPECT_TRUE(took_.empty()) << "not inside whoever gave back";
  EXPECT_FALSE(budget_->Has(1)) << "nobody overtakes those who wait";
  EXPECT_TRUE(budget_->Has(1, Turn::kFirst)) << "but those who go first";
  loop_.RunAll();
  EXPECT_EQ(took_, (std::vector{1, 2})) << "the third has no room, the fourth is behind it";
  held_.erase(held_.begin());
  loop_.RunAll();
  EXPECT_EQ(took_, (std::vector{1, 2, 3, 4}));
  EXPECT_FALSE(budget_->awaited());
}

TEST_F(ByteBudgetTest, TheFirstDoNotWaitBehindTheUsual) {
  auto all = std::make_unique<Hold>(budget_, 60);
  TakeWhenRoom(90, 1);
  TakeWhenRoom(50, 2, Turn::kFirst);
  TakeWhenRoom(10, 3, Turn::kFirst);
  loop_.RunAll();
  EXPECT_TRUE(took_.empty()) << "the third is behind the second";
  all->Resize(50);
  loop_.RunAll();
  EXPECT_EQ(took_, std::vector{2});
  all.reset();
  loop_.RunAll();
  EXPECT_EQ(took_, (std::vector{2, 3}));
}

TEST_F(ByteBudgetTest, ATaskThatTakesNothingDoesNotStopThoseBehindIt) {
  auto all = std::make_unique<Hold>(budget_, 100);
  budget_->Await(100, [] {});  // its connection is gone
  TakeWhenRoom(100, 2);
  all.reset();
  loop_.RunAll();
  EXPECT_EQ(took_, std::vector{2});
}

TEST_F(ByteBudgetTest, WhatHoldsBytesMayOutliveTheOthers) {
  Hold last(budget_, 10);
  budget_->Await(100, [] { FAIL() << "nobody is there any more"; });
  budget_->Abandon();
  budget_.reset();
  last = Hold();
  loop_.RunAll();
}

}  // namespace
}  // namespace quire::common
