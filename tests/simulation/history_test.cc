#include "tests/simulation/history.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/simulation/seed_corpus.h"

namespace quire::simulation {
namespace {

void ExpectNoViolation(std::uint64_t seed, Profile profile) {
  const HistoryPlan plan = HistoryPlan::Draw(seed, profile);
  const HistoryResult result = RunHistory(plan, 0);
  ASSERT_FALSE(result.violation) << *result.violation << "\n"
                                 << plan.ToString() << "\nrepeat: simulation_run --profile "
                                 << ProfileName(profile) << " --from " << seed
                                 << " --seeds 1 --trace 1000";
}

// Seeds that once showed something. Fresh ones are tried by simulation_run.
TEST(HistoryTest, TheCorpusShowsNothingAnyMore) {
  std::ifstream in(QUIRE_CORPUS);
  const auto corpus = ReadCorpus(in);
  ASSERT_TRUE(corpus) << corpus.error().ToString();
  for (const CorpusSeed& seed : *corpus) {
    const auto profile = ParseProfile(seed.profile);
    ASSERT_TRUE(profile) << seed.profile;
    ExpectNoViolation(seed.seed, *profile);
  }
}

TEST(HistoryTest, IsTheSameForTheSameSeed) {
  const auto twice = [](std::uint64_t seed, Profile profile) {
    const HistoryPlan plan = HistoryPlan::Draw(seed, profile);
    EXPECT_EQ(RunHistory(plan, 0).hash, RunHistory(plan, 0).hash) << plan.ToString();
  };
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    twice(seed, Profile::kUniform);
    twice(seed, Profile::kFocused);
  }
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    twice(seed, Profile::kFull);
    twice(seed, Profile::kFullFocused);
  }
}

TEST(HistoryTest, ATraceChangesNothing) {
  const HistoryPlan plan = HistoryPlan::Draw(3, Profile::kUniform);
  const HistoryResult traced = RunHistory(plan, 1000);
  EXPECT_EQ(traced.hash, RunHistory(plan, 0).hash);
  EXPECT_FALSE(traced.trace.empty());
}

TEST(HistoryPlanTest, EveryProfileHasAName) {
  for (const auto* name : {"uniform", "focused", "full", "full-focused"}) {
    const auto profile = ParseProfile(name);
    ASSERT_TRUE(profile) << name;
    EXPECT_EQ(ProfileName(*profile), name);
  }
  EXPECT_FALSE(ParseProfile("swarm"));
}

}  // namespace
}  // namespace quire::simulation
