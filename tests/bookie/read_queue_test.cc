#include "bookie/read_queue.h"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

#include "manual_loop.h"

namespace quire::bookie {
namespace {

using std::chrono::milliseconds;

class ReadQueueTest : public ::testing::Test {
 protected:
  void Submit(int who, std::int32_t deadline_ms = 0) {
    queue_.Submit(deadline_ms,
                  [this, who](bool expired) { (expired ? expired_ : began_).push_back(who); });
  }

  ManualLoop loop_;
  ReadQueue queue_{loop_, 2};
  std::vector<int> began_;
  std::vector<int> expired_;
};

TEST_F(ReadQueueTest, AFewAreUnderWayAndTheRestWaitInOrder) {  // L02
  for (int i = 0; i < 5; ++i) Submit(i);
  EXPECT_EQ(began_, (std::vector{0, 1}));
  EXPECT_EQ(queue_.size(), 5U);
  loop_.Advance(milliseconds(30));
  queue_.End();
  EXPECT_EQ(began_, (std::vector{0, 1, 2}));
  EXPECT_EQ(queue_.last_wait(), milliseconds(30));
  for (int i = 0; i < 4; ++i) queue_.End();
  EXPECT_EQ(began_, (std::vector{0, 1, 2, 3, 4}));
  EXPECT_EQ(queue_.size(), 0U);
}

TEST_F(ReadQueueTest, WhatNobodyWaitsForIsNotCarriedOut) {
  Submit(0);
  Submit(1);
  Submit(2, 10);
  Submit(3, 11);
  Submit(4);
  loop_.Advance(milliseconds(10));
  queue_.End();
  EXPECT_EQ(expired_, std::vector{2});
  EXPECT_EQ(began_, (std::vector{0, 1, 3}));
  EXPECT_EQ(queue_.expired(), 1U);
}

TEST_F(ReadQueueTest, OneThatEndsAtOnceDoesNotNest) {
  int depth = 0;
  int ran = 0;
  Submit(0);
  Submit(1);
  for (int i = 0; i < 1000; ++i) {
    queue_.Submit(0, [&](bool) {
      EXPECT_EQ(++depth, 1);
      ++ran;
      queue_.End();
      --depth;
    });
  }
  queue_.End();
  EXPECT_EQ(ran, 1000);
}

}  // namespace
}  // namespace quire::bookie
