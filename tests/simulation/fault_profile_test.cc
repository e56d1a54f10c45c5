#include "tests/simulation/fault_profile.h"

#include <gtest/gtest.h>

#include <set>

namespace quire::simulation {
namespace {

FaultProfile Drawn(std::uint64_t seed) {
  common::Random random(seed);
  return FaultProfile::Draw(random);
}

TEST(FaultProfileTest, DrawsTheSameFromTheSameSeed) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    EXPECT_EQ(Drawn(seed).ToString(), Drawn(seed).ToString());
  }
}

TEST(FaultProfileTest, SwitchesEachKindOfFaultOnInSomeWorldsAndOffInOthers) {
  int drop = 0;
  int late = 0;
  int crash = 0;
  int both = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const FaultProfile p = Drawn(seed);
    drop += p.drop != 0 ? 1 : 0;
    late += p.late != 0 ? 1 : 0;
    crash += p.crash_every.count() != 0 ? 1 : 0;
    both += p.drop != 0 && p.crash_every.count() != 0 ? 1 : 0;
    EXPECT_LE(p.drop, 100'000U);
  }
  for (const int count : {drop, late, crash}) {
    EXPECT_GT(count, 400);
    EXPECT_LT(count, 600);
  }
  EXPECT_GT(both, 200);
  EXPECT_LT(both, 300);
}

TEST(FaultProfileTest, IsOneLineThatLeavesOutWhatIsOff) {
  FaultProfile p;
  p.drop = 1234;
  EXPECT_EQ(p.ToString(), "none delay=100us drop=1234ppm sync=200us metadata_delay=500us");
}

}  // namespace
}  // namespace quire::simulation
