#include "rpc/asio_loop.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <thread>

#include "tests/rpc/loop_runner.h"

namespace quire::rpc {
namespace {

using std::chrono::milliseconds;
using testing::RunReady;
using testing::RunUntil;

TEST(AsioLoopTest, RunsTasksInALaterTurnInTheOrderPosted) {
  AsioLoop loop;
  std::vector<int> ran;
  loop.Post([&] {
    loop.Post([&] { ran.push_back(3); });
    ran.push_back(1);
  });
  loop.Post([&] { ran.push_back(2); });
  EXPECT_TRUE(ran.empty());
  RunReady(loop);
  EXPECT_EQ(ran, (std::vector{1, 2, 3}));
}

TEST(AsioLoopTest, KeepsTheOrderOfMoreTasksThanOneTurnTakes) {
  AsioLoop loop;
  std::vector<int> ran;
  for (int i = 0; i < 5000; ++i) loop.Post([&ran, i] { ran.push_back(i); });
  loop.context().run_one();
  EXPECT_LT(ran.size(), 5000U);  // sockets get a turn in between
  RunReady(loop);
  ASSERT_EQ(ran.size(), 5000U);
  EXPECT_TRUE(std::is_sorted(ran.begin(), ran.end()));
}

TEST(AsioLoopTest, RunsEachTimerOnceAndNotBeforeItsTime) {
  AsioLoop loop;
  const auto begin = loop.Now();
  std::vector<int> ran;
  loop.After(milliseconds(20), [&] { ran.push_back(20); });
  loop.After(milliseconds(5), [&] { ran.push_back(5); });
  const auto cancelled = loop.After(milliseconds(1), [&] { ran.push_back(1); });
  loop.Cancel(cancelled);
  loop.After(milliseconds(10), [&] {
    ran.push_back(10);
    loop.After(milliseconds(1), [&] { ran.push_back(11); });
  });
  ASSERT_TRUE(RunUntil(loop, [&] { return ran.size() == 4; }));
  EXPECT_EQ(ran, (std::vector{5, 10, 11, 20}));
  EXPECT_GE(loop.Now() - begin, milliseconds(20));
}

TEST(AsioLoopTest, ANamedLoopTakesTasksFromManyThreads) {
  AsioLoop loop("loop-under-test");
  constexpr int kTasks = 20'000;
  int ran = 0;  // loop thread
  std::promise<int> done;
  std::vector<std::thread> threads;
  threads.reserve(2);
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kTasks; ++i) {
        loop.Post([&] {
          if (++ran == 2 * kTasks) done.set_value(ran);
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(done.get_future().get(), 2 * kTasks);
}

TEST(AsioLoopTest, KnowsItsThread) {
  AsioLoop loop("loop-under-test");
  std::promise<std::pair<bool, std::string>> inside;
  loop.Post([&] {
    char name[16] = {};
    pthread_getname_np(pthread_self(), name, sizeof(name));
    inside.set_value({loop.InLoopThread(), name});
  });
  EXPECT_EQ(inside.get_future().get(), std::pair(true, std::string("loop-under-test")));
  EXPECT_FALSE(loop.InLoopThread());
}

TEST(AsioLoopTest, StopsFromWithinAndDropsTheRest) {
  AsioLoop loop;
  int ran = 0;
  const auto owned = std::make_shared<int>(0);
  loop.Post([&] {
    ++ran;
    loop.Stop();
  });
  loop.Post([&ran, owned] { ++ran; });
  loop.Run();
  loop.Post([&ran, owned] { ++ran; });
  EXPECT_EQ(ran, 1);
}

TEST(AsioLoopTest, DestroyingItReleasesTasksAndTimersWithoutRunningThem) {
  const auto owned = std::make_shared<int>(0);
  {
    AsioLoop loop;
    loop.Post([owned] { FAIL(); });
    loop.After(milliseconds(0), [owned] { FAIL(); });
    // What a dropped task owns may still speak to the loop.
    const std::shared_ptr<void> speaks(nullptr, [&](void*) { loop.Cancel(loop.After({}, [] {})); });
    loop.Post([speaks] { FAIL(); });
  }
  EXPECT_EQ(owned.use_count(), 1);
}

}  // namespace
}  // namespace quire::rpc
