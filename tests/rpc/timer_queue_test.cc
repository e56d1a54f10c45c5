#include "rpc/timer_queue.h"

#include <gtest/gtest.h>

#include <memory>

namespace quire::rpc {
namespace {

using common::TimePoint;
using std::chrono::seconds;

TimePoint At(int second) {
  return TimePoint(seconds(second));
}

std::vector<int> RunDue(TimerQueue& timers, std::vector<int>& ran, TimePoint now) {
  while (auto task = timers.TakeDue(now)) (*task)();
  return std::exchange(ran, {});
}

TEST(TimerQueueTest, RunsDueTimersByTimeThenByAge) {
  TimerQueue timers;
  std::vector<int> ran;
  for (const auto& [when, name] : {std::pair{5, 50}, {1, 10}, {3, 30}, {1, 11}, {9, 90}}) {
    timers.Add(At(when), [&ran, name = name] { ran.push_back(name); });
  }
  EXPECT_EQ(timers.Next(), At(1));
  EXPECT_EQ(RunDue(timers, ran, At(0)), std::vector<int>{});
  EXPECT_EQ(RunDue(timers, ran, At(5)), (std::vector{10, 11, 30, 50}));
  EXPECT_EQ(timers.Next(), At(9));
  EXPECT_EQ(timers.size(), 1U);
}

TEST(TimerQueueTest, ForgetsACancelledTimerAndReleasesItsTaskAtOnce) {
  TimerQueue timers;
  const auto owned = std::make_shared<int>(0);
  const auto id = timers.Add(At(1), [owned] { FAIL(); });
  EXPECT_EQ(owned.use_count(), 2);
  timers.Cancel(id);
  EXPECT_EQ(owned.use_count(), 1);
  EXPECT_FALSE(timers.Next());
  timers.Cancel(id);  // again, without effect
  EXPECT_FALSE(timers.TakeDue(At(2)));
}

TEST(TimerQueueTest, NeverUsesAnIdAgain) {
  TimerQueue timers;
  const auto first = timers.Add(At(1), [] {});
  EXPECT_NE(first, 0U);
  timers.Cancel(first);
  EXPECT_NE(timers.Add(At(1), [] {}), first);
}

TEST(TimerQueueTest, KeepsItsOrderThroughManyCancels) {
  TimerQueue timers;
  std::vector<int> ran;
  std::vector<TimerQueue::TimerId> ids;
  for (int i = 0; i < 1000; ++i) {
    ids.push_back(timers.Add(At(1000 - i), [&ran, i] { ran.push_back(i); }));
  }
  for (int i = 0; i < 1000; ++i) {
    if (i % 10 != 0) timers.Cancel(ids[i]);
  }
  const auto order = RunDue(timers, ran, At(1000));
  ASSERT_EQ(order.size(), 100U);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[i], 990 - 10 * i);
}

TEST(TimerQueueTest, LetsATaskCancelOthersWhileItIsDestroyed) {
  TimerQueue timers;
  const auto other = timers.Add(At(2), [] {});
  std::shared_ptr<void> canceller(nullptr, [&](void*) { timers.Cancel(other); });
  auto held = std::make_unique<std::shared_ptr<void>>(canceller);
  const auto id = timers.Add(At(1), [held = std::move(held)] {});
  canceller.reset();
  timers.Cancel(id);
  EXPECT_EQ(timers.size(), 0U);
}

}  // namespace
}  // namespace quire::rpc
