#include <gtest/gtest.h>

#include "tests/crash/campaign.h"

namespace quire::crash {
namespace {

// G07, G12, G13, G14, H05, H09, I09: a sample of the run that `bookie_crash_fuzz --all` tries at
// every point.
TEST(CrashTest, ABookieStoppedAnywhereKeepsItsPromises) {
  const CampaignOutcome outcome =
      RunCampaign({.run = {.seed = 1, .entries = 10'000}, .points = 200, .faults = 60}, {});
  EXPECT_EQ(outcome.violation, "");
  EXPECT_EQ(outcome.tried.all, 200U);
  EXPECT_GT(outcome.tried.index, 0U);
  EXPECT_GT(outcome.tried.copying, 0U);
  EXPECT_GT(outcome.tried.beside_compaction, 0U);
  EXPECT_GT(outcome.tried.removals, 0U);
  EXPECT_EQ(outcome.faults_tried, 60U);

  // The run has what is to be tried.
  EXPECT_GE(outcome.run.accepted, 9'000U);
  EXPECT_GE(outcome.run.segments_made, 200U);
  EXPECT_GE(outcome.run.points.removals, 40U);
  EXPECT_GE(outcome.run.journal_files, 100U);
  EXPECT_GE(outcome.run.deletes, 80U);
  EXPECT_GE(outcome.run.compactions, 30U);
  EXPECT_GE(outcome.run.fences, 100U);
  EXPECT_GE(outcome.run.points.index, 2'000U);
  EXPECT_GE(outcome.startups_cut, 100U);
  EXPECT_GT(outcome.failed, 0U);   // by faults
  EXPECT_GT(outcome.went_on, 0U);  // in spite of them
}

// G14: a short run at every point of it.
TEST(CrashTest, EveryPointOfAShortRun) {
  const CampaignOutcome outcome =
      RunCampaign({.run = {.seed = 2, .entries = 150, .life_changes = 80}}, {});
  EXPECT_EQ(outcome.violation, "");
  EXPECT_EQ(outcome.tried.all, outcome.run.points.all);
  EXPECT_GE(outcome.run.points.all, 80U);
}

TEST(CrashTest, TheSameSeedMakesTheSameRun) {
  CrashRun one({.seed = 3, .entries = 600, .life_changes = 100});
  CrashRun other({.seed = 3, .entries = 600, .life_changes = 100});
  while (!one.finished()) {
    const auto life = one.Next();
    const auto again = other.Next();
    ASSERT_TRUE(life != nullptr && again != nullptr) << one.violation();
    ASSERT_EQ(life->changes, again->changes);
    ASSERT_EQ(life->steps, again->steps);
  }
  EXPECT_TRUE(other.finished());
}

}  // namespace
}  // namespace quire::crash
