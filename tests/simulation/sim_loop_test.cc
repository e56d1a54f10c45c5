#include "tests/simulation/sim_loop.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <vector>

#include "tests/simulation/chance.h"

namespace quire::simulation {
namespace {

using namespace std::chrono_literals;

class SimLoopTest : public ::testing::Test {
 protected:
  SimScheduler scheduler{1};
  SimLoop loop{scheduler, "p"};
  std::vector<int> ran;
  common::Task Note(int i) {
    return [this, i] { ran.push_back(i); };
  }
};

TEST_F(SimLoopTest, RunsPostedTasksInOrderEachInALaterTurn) {
  for (int i = 0; i < 200; ++i) {
    loop.Post(Note(i));
  }
  EXPECT_TRUE(ran.empty());
  scheduler.RunFor(1s);
  ASSERT_EQ(ran.size(), 200U);
  for (int i = 0; i < 200; ++i) EXPECT_EQ(ran[i], i);
}

TEST_F(SimLoopTest, RunsATimerAtItsTime) {
  const auto start = loop.Now();
  common::TimePoint at;
  loop.After(20ms, [&] { at = loop.Now(); });
  scheduler.RunUntil(start + 19ms);
  EXPECT_EQ(at, common::TimePoint());
  scheduler.RunUntil(start + 30ms);
  EXPECT_EQ(at, start + 20ms);
  EXPECT_EQ(loop.Now(), start + 30ms);
}

TEST_F(SimLoopTest, ForgetsCancelledTimersAndOnlyThose) {
  std::vector<common::Loop::TimerId> ids;
  for (int i = 0; i < 1000; ++i) ids.push_back(loop.After(1ms, Note(i)));
  for (int i = 0; i < 999; ++i) loop.Cancel(ids[i]);
  EXPECT_EQ(scheduler.pending(), 1U);
  // The slots are used again; the old ids name nothing.
  for (int i = 0; i < 1000; ++i) loop.After(2ms, Note(2000 + i));
  for (const auto id : ids) {
    if (id != ids[999]) loop.Cancel(id);
  }
  scheduler.RunFor(1s);
  EXPECT_EQ(ran.size(), 1001U);
  EXPECT_EQ(ran[0], 999);
}

TEST_F(SimLoopTest, RunsNothingOfAKilledProcessAndDestroysItsTasksAtOnce) {
  auto token = std::make_shared<int>();
  loop.Post([token] { FAIL(); });
  loop.Post([token] { FAIL(); });
  loop.After(1ms, [token] { FAIL(); });
  loop.Kill();
  EXPECT_EQ(token.use_count(), 1);
  loop.Post([token] { FAIL(); });
  loop.Cancel(loop.After(1ms, [token] { FAIL(); }));
  EXPECT_EQ(token.use_count(), 1);
  scheduler.RunFor(1s);
}

TEST_F(SimLoopTest, MayBeKilledByItsOwnTask) {
  loop.Post([this] {
    loop.Kill();
    ran.push_back(1);
  });
  loop.Post(Note(2));
  scheduler.RunFor(1s);
  EXPECT_EQ(ran, std::vector<int>{1});
}

TEST_F(SimLoopTest, KeepsItsTasksWhilePausedAndRunsThemInOrderAfterwards) {
  const auto start = loop.Now();
  loop.After(1ms, Note(1));
  loop.After(2ms, Note(2));
  loop.After(3ms, Note(3));
  loop.After(700ms, Note(4));
  loop.Pause(500ms);
  scheduler.RunUntil(start + 499ms);
  EXPECT_TRUE(ran.empty());
  EXPECT_TRUE(loop.paused());
  scheduler.RunUntil(start + 501ms);
  EXPECT_EQ(ran, (std::vector<int>{1, 2, 3}));
  scheduler.RunFor(1s);
  EXPECT_EQ(ran.back(), 4);
}

TEST_F(SimLoopTest, LeavesOtherProcessesRunningWhenOneIsPausedOrKilled) {
  SimLoop other(scheduler, "q");
  loop.Pause(1s);
  other.After(1ms, Note(1));
  scheduler.RunFor(10ms);
  EXPECT_EQ(ran, std::vector<int>{1});
  loop.Kill();
  other.Post(Note(2));
  scheduler.RunFor(10ms);
  EXPECT_EQ(ran, (std::vector<int>{1, 2}));
}

// Several processes that post to each other and set timers.
std::uint64_t HashOfARun(std::uint64_t seed) {
  SimScheduler scheduler(seed);
  std::vector<std::unique_ptr<SimLoop>> loops;
  for (int i = 0; i < 4; ++i) loops.push_back(std::make_unique<SimLoop>(scheduler, "p"));
  std::function<void(int)> step = [&](int left) {
    if (left == 0) return;
    SimLoop& next = *loops[common::Below(scheduler.random(), loops.size())];
    next.Post([&step, left] { step(left - 1); });
    next.After(HeavyTail(scheduler.random(), 10us), [] {});
  };
  for (int i = 0; i < 4; ++i) step(100);
  scheduler.RunFor(1s);
  return scheduler.hash();
}

TEST(SimSchedulerTest, GivesTheSameRunForTheSameSeedAndAnotherForAnother) {
  for (std::uint64_t seed = 1; seed < 20; ++seed) {
    EXPECT_EQ(HashOfARun(seed), HashOfARun(seed));
    EXPECT_NE(HashOfARun(seed), HashOfARun(seed + 1));
  }
}

TEST(SimSchedulerTest, RunsSimultaneousEventsInAnOrderOfTheSeed) {
  bool differs = false;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SimScheduler scheduler(seed);
    std::vector<int> order;
    for (int i = 0; i < 5; ++i) {
      scheduler.After(1ms, nullptr, [&order, i] { order.push_back(i); });
    }
    while (scheduler.Step()) {
    }
    ASSERT_EQ(order.size(), 5U);
    differs = differs || order != std::vector<int>{0, 1, 2, 3, 4};
  }
  EXPECT_TRUE(differs);
}

TEST(SimSchedulerTest, StopsWhenTheConditionHoldsOrTheTimeIsUp) {
  SimScheduler scheduler(1);
  int count = 0;
  for (int i = 0; i < 10; ++i) scheduler.After(i * 1ms, nullptr, [&] { ++count; });
  EXPECT_TRUE(scheduler.RunFor([&] { return count == 3; }, 1s));
  EXPECT_EQ(count, 3);
  EXPECT_FALSE(scheduler.RunFor([&] { return count == 99; }, 1s));
  EXPECT_EQ(count, 10);
}

}  // namespace
}  // namespace quire::simulation
