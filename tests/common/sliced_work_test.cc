#include "common/sliced_work.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>

#include "tests/bookie/manual_loop.h"

namespace quire::common {
namespace {

constexpr SlicedWork::Pace kPace{.steps = 10, .pause = std::chrono::milliseconds(5)};

class SlicedWorkTest : public ::testing::Test {
 protected:
  void Run(int steps) {
    left_ = steps;
    work_->Run(kPace, [this] { return left_-- > 0; }, [this] { ++done_; });
  }
  void Pause() {
    loop_.Advance(kPace.pause);
    loop_.RunAll();
  }

  bookie::ManualLoop loop_;
  std::unique_ptr<SlicedWork> work_ = std::make_unique<SlicedWork>(loop_);
  int left_ = 0;
  int done_ = 0;
};

TEST_F(SlicedWorkTest, ShortWorkIsDoneAtOnce) {
  Run(9);
  EXPECT_EQ(done_, 1);
}

TEST_F(SlicedWorkTest, BetweenTheSlicesTheLoopServesOthers) {
  Run(25);
  EXPECT_EQ(left_, 15);
  int served = 0;
  loop_.Post([&] { ++served; });
  loop_.RunAll();
  EXPECT_EQ(served, 1);
  EXPECT_EQ(left_, 15);
  Pause();
  EXPECT_EQ(left_, 5);
  EXPECT_EQ(done_, 0);
  Pause();
  EXPECT_EQ(done_, 1);
}

TEST_F(SlicedWorkTest, TheEndOfOnePieceMayBeginAnother) {
  left_ = 15;
  work_->Run(kPace, [this] { return left_-- > 0; }, [this] { Run(15); });
  Pause();
  EXPECT_EQ(done_, 0);
  Pause();
  EXPECT_EQ(done_, 1);
}

TEST_F(SlicedWorkTest, WhatIsLeftGoesWithIt) {
  Run(15);
  work_.reset();
  Pause();
  EXPECT_EQ(left_, 5);
  EXPECT_EQ(done_, 0);
}

}  // namespace
}  // namespace quire::common
