#include "tests/simulation/trace.h"

#include <gtest/gtest.h>

#include <chrono>

namespace quire::simulation {
namespace {

TEST(TraceTest, KeepsTheLastLinesWithTheirVirtualTime) {
  SimScheduler scheduler(1);
  Trace trace(scheduler, 2);
  for (int i = 0; i < 5; ++i) {
    scheduler.RunFor(std::chrono::milliseconds(1));
    trace.Line("line ", i, " of ", std::string("five"));
  }
  EXPECT_EQ(trace.Text(),
            "(3 earlier lines are lost)\n"
            "       4.000 ms  line 3 of five\n"
            "       5.000 ms  line 4 of five\n");
}

TEST(TraceTest, KeepsNothingWhenItIsOff) {
  SimScheduler scheduler(1);
  Trace trace(scheduler, 0);
  trace.Line("line");
  EXPECT_FALSE(trace.on());
  EXPECT_EQ(trace.Text(), "");
}

}  // namespace
}  // namespace quire::simulation
