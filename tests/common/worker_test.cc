#include "common/worker.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace quire::common {
namespace {

TEST(ThreadWorkerTest, RunsJobsInOrderOnItsNamedThread) {
  std::vector<int> order;
  std::string name;
  {
    ThreadWorker worker("a-name-longer-than-fifteen");
    for (int i = 0; i < 1000; ++i) {
      worker.Submit([&order, i] { order.push_back(i); });
    }
    worker.Submit([&name] {
      std::array<char, 32> buffer{};
      pthread_getname_np(pthread_self(), buffer.data(), buffer.size());
      name = buffer.data();
    });
  }
  ASSERT_EQ(order.size(), 1000U);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
  EXPECT_EQ(name, "a-name-longer-t");
}

TEST(ThreadWorkerTest, TheDestructorRunsWhatJobsSubmitInTheirTurn) {
  int ran = 0;
  {
    ThreadWorker worker("w");
    worker.Submit([&] {
      ++ran;
      worker.Submit([&] { ++ran; });
    });
  }
  EXPECT_EQ(ran, 2);
}

TEST(ThreadWorkerTest, TakesJobsFromManyThreads) {
  int ran = 0;  // only the worker's thread touches it
  {
    ThreadWorker worker("w");
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 250; ++i) worker.Submit([&ran] { ++ran; });
      });
    }
    for (auto& thread : threads) thread.join();
  }
  EXPECT_EQ(ran, 1000);
}

// What a job owns goes when it has run, not when the next one comes.
TEST(ThreadWorkerTest, ReleasesAJobBeforeItWaits) {
  struct Owned {
    std::promise<void>& gone;
    explicit Owned(std::promise<void>& promise) : gone(promise) {}
    ~Owned() { gone.set_value(); }
  };
  std::promise<void> gone;
  ThreadWorker worker("w");
  worker.Submit([owned = std::make_unique<Owned>(gone)] { EXPECT_NE(owned, nullptr); });
  EXPECT_EQ(gone.get_future().wait_for(std::chrono::minutes(1)), std::future_status::ready);
}

}  // namespace
}  // namespace quire::common
