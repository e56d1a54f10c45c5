#include "tests/simulation/sim_worker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <vector>

namespace quire::simulation {
namespace {

using namespace std::chrono_literals;

class SimWorkerTest : public ::testing::Test {
 protected:
  SimScheduler scheduler{1};
  SimLoop process{scheduler, "p"};
  std::unique_ptr<SimWorker> worker = std::make_unique<SimWorker>(process, 1ms);
  std::vector<int> ran;
};

TEST_F(SimWorkerTest, RunsJobsOneAtATimeInOrder) {
  std::vector<common::TimePoint> times;
  for (int i = 0; i < 20; ++i) {
    worker->Submit([&, i] {
      ran.push_back(i);
      times.push_back(scheduler.Now());
    });
  }
  EXPECT_TRUE(ran.empty());
  scheduler.RunFor(60s);
  ASSERT_EQ(ran.size(), 20U);
  for (int i = 1; i < 20; ++i) {
    EXPECT_EQ(ran[i], i);
    EXPECT_GE(times[i] - times[i - 1], 500us);
  }
}

TEST_F(SimWorkerTest, NoJobOfASlowDiskTakesForEver) {
  SimWorker slow(process, 256ms);
  common::Duration longest{};
  for (int i = 0; i < 20'000; ++i) {
    const common::TimePoint begun = scheduler.Now();
    bool done = false;
    slow.Submit([&] { done = true; });
    ASSERT_TRUE(scheduler.RunFor([&] { return done; }, 1h));
    longest = std::max(longest, scheduler.Now() - begun);
  }
  EXPECT_EQ(longest, SimWorker::kLongestJob);
}

TEST_F(SimWorkerTest, DropsWhatHasNotRunWhenItsProcessIsKilled) {
  auto token = std::make_shared<int>();
  worker->Submit([this, token] {
    ran.push_back(1);
    process.Kill();
  });
  worker->Submit([token] { FAIL(); });
  scheduler.RunFor(60s);
  EXPECT_EQ(ran, std::vector<int>{1});
  EXPECT_EQ(token.use_count(), 1);
  worker->Submit([] { FAIL(); });
  worker.reset();
}

TEST_F(SimWorkerTest, WaitsWhileItsProcessIsPaused) {
  worker->Submit([this] { ran.push_back(1); });
  process.Pause(100s);
  scheduler.RunFor(99s);
  EXPECT_TRUE(ran.empty());
  scheduler.RunFor(2s);
  EXPECT_EQ(ran, std::vector<int>{1});
}

TEST_F(SimWorkerTest, RunsWhatWasSubmittedWhenItEndsWithoutACrash) {
  {
    SimWorker ending(process, 1ms);
    ending.Submit([&] {
      ran.push_back(1);
      ending.Submit([&] { ran.push_back(3); });
    });
    ending.Submit([&] { ran.push_back(2); });
  }
  EXPECT_EQ(ran, (std::vector<int>{1, 2, 3}));
  scheduler.RunFor(60s);
  EXPECT_EQ(ran.size(), 3U);
}

}  // namespace
}  // namespace quire::simulation
