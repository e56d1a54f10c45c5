#include "common/single_job.h"

#include <gtest/gtest.h>

#include <deque>
#include <utility>

namespace quire::common {
namespace {

class QueueWorker final : public Worker {
 public:
  void Submit(Task job) override { jobs.push_back(std::move(job)); }
  void RunOne() {
    Task job = std::move(jobs.front());
    jobs.pop_front();
    job();
  }

  std::deque<Task> jobs;
};

TEST(SingleJobTest, SubmitsNothingWhileTheOneBeforeWaits) {
  QueueWorker worker;
  SingleJob upkeep(worker);
  int ran = 0;
  for (int i = 0; i < 3; ++i) upkeep.Submit([&ran] { ++ran; });
  ASSERT_EQ(worker.jobs.size(), 1U);
  worker.RunOne();
  EXPECT_EQ(ran, 1);
  upkeep.Submit([&ran] { ++ran; });
  ASSERT_EQ(worker.jobs.size(), 1U);
  worker.RunOne();
  EXPECT_EQ(ran, 2);
}

TEST(SingleJobTest, SubmitsNothingWhileTheOneBeforeRuns) {
  QueueWorker worker;
  SingleJob upkeep(worker);
  upkeep.Submit([&] { upkeep.Submit([] { FAIL(); }); });
  worker.RunOne();
  EXPECT_TRUE(worker.jobs.empty());
}

TEST(SingleJobTest, AJobThatIsDroppedIsNotWaitedFor) {
  QueueWorker worker;
  SingleJob upkeep(worker);
  upkeep.Submit([] { FAIL(); });
  worker.jobs.clear();
  upkeep.Submit([] {});
  EXPECT_EQ(worker.jobs.size(), 1U);
}

TEST(SingleJobTest, TwoOfThemDoNotStandInEachOthersWay) {
  QueueWorker worker;
  SingleJob one(worker);
  SingleJob other(worker);
  one.Submit([] {});
  other.Submit([] {});
  EXPECT_EQ(worker.jobs.size(), 2U);
}

}  // namespace
}  // namespace quire::common
