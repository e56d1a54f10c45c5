#include "tools/arrival_schedule.h"

#include <gtest/gtest.h>

#include "tools/histogram.h"

namespace quire::tools {
namespace {

using std::chrono::milliseconds;

const ArrivalSchedule::Clock::time_point kBegin(std::chrono::hours(1));

TEST(ArrivalScheduleTest, IsEvenAndDoesNotDrift) {
  ArrivalSchedule schedule(kBegin, 3);  // a third of a second is no whole number of nanoseconds
  EXPECT_EQ(schedule.due(), kBegin);
  for (int i = 0; i < 3'000'000; ++i) schedule.Take();
  EXPECT_EQ(schedule.due(), kBegin + std::chrono::seconds(1'000'000));
}

// A request that waits behind a slow one is as slow as its user finds it. A load that measured from
// when it got round to it would see one slow request among 1000, and a p99 of 1 ms.
TEST(ArrivalScheduleTest, AStallCountsForAllThatWereDueInIt) {
  ArrivalSchedule schedule(kBegin, 1000);
  Histogram latency;
  auto now = kBegin;
  for (int i = 0; i < 1000; ++i, schedule.Take()) {
    now = std::max(now, schedule.due());
    now += i == 500 ? milliseconds(100) : std::chrono::microseconds(100);
    latency.Record(static_cast<std::uint64_t>((now - schedule.due()).count()));
  }
  EXPECT_EQ(latency.count(), 1000U);
  EXPECT_GT(latency.Quantile(0.95), 50'000'000U);
  EXPECT_GT(latency.Quantile(0.99), 90'000'000U);
  EXPECT_LT(latency.Quantile(0.5), 200'000U);
}

}  // namespace
}  // namespace quire::tools
