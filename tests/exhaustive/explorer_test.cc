#include "tests/exhaustive/explorer.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace quire::exhaustive {
namespace {

Configuration With(std::string_view name, Budgets budgets, int recoverers = 2) {
  Configuration configuration = NamedConfiguration(name);
  configuration.budgets = budgets;
  configuration.recoverers = recoverers;
  return configuration;
}

Configuration OneEntry(std::string_view name, Budgets budgets) {
  Configuration configuration = With(name, budgets, 1);
  configuration.entries = 1;
  return configuration;
}

// What a client can find out in the end: the record without its version, what was acknowledged, and
// whether the recoverers ended well.
using Outcomes = std::map<std::string, std::set<int>>;  // the record and the recoverers -> LAC

Outcomes OutcomesOf(const Configuration& configuration) {
  Outcomes outcomes;
  const Report report = Explore(configuration, {}, [&](const World& world, Rules& rules) {
    Machines& machines = rules.machines();
    std::multiset<std::string> ends;
    for (const StateId id : world.recoverers) {
      if (id == 0 || !machines.Recoverer(id).finished) continue;
      const MetaOutcome result = machines.Recoverer(id).result;
      ends.insert(result.ok() ? "ok" : common::Error(result.error()).ToString());
    }
    std::string key = machines.registers().ToString(world.record);
    for (const auto& end : ends) key += ", " + end;
    outcomes[key].insert(machines.Writer(world.writer).lac);
  });
  EXPECT_TRUE(report.exhausted) << report.ToString();
  EXPECT_EQ(report.violation, "") << report.ToString();
  return outcomes;
}

struct Case {
  std::string configuration;
  Budgets budgets;
  int recoverers = 2;
  std::uint64_t at_least = 0;  // distinct states: the exploration has not become empty
  int window = 1;
  int entries = 2;
};

class WholeSpaceTest : public testing::TestWithParam<Case> {};

TEST_P(WholeSpaceTest, HasNoViolation) {
  const Case& c = GetParam();
  Configuration configuration = With(c.configuration, c.budgets, c.recoverers);
  configuration.window = c.window;
  configuration.entries = c.entries;
  const Report report = Explore(configuration, {});
  std::printf("%s\n", report.ToString().c_str());
  EXPECT_EQ(report.violation, "");
  EXPECT_TRUE(report.exhausted);
  EXPECT_GE(report.distinct, c.at_least);
}

INSTANTIATE_TEST_SUITE_P(
    SmallBudgets, WholeSpaceTest,
    testing::Values(
        Case{"3/3/2", {}, 2, 50'000}, Case{"3/2/2", {}, 2, 25'000}, Case{"2/2/1", {}, 2, 4'000},
        Case{"3/3/2", {.timeouts = 1}, 1, 70'000}, Case{"3/3/2+1", {.timeouts = 1}, 1, 1'000, 1, 1},
        Case{"3/2/2", {.timeouts = 1}, 2, 300'000}, Case{"3/2/2+1", {.timeouts = 2}, 1, 1'000},
        Case{"2/2/1", {.timeouts = 1, .crashes = 1}, 1, 1'000},
        Case{"2/2/1+1", {.timeouts = 1}, 2, 300'000}, Case{"3/2/2", {.crashes = 1}, 1, 30'000},
        Case{"3/2/2", {.timeouts = 1, .lost_answers = 1}, 1, 1'000},
        Case{"3/2/2+1", {.timeouts = 1, .lost_answers = 1}, 1, 1'000},
        Case{"2/2/1", {.lost_answers = 1}, 2, 10'000}, Case{"3/3/2", {}, 1, 1'000, 2},
        Case{"3/2/2", {.timeouts = 1}, 1, 1'000, 2}));

TEST(ExplorerTest, TheSameExplorationTwiceIsTheSame) {
  const Configuration configuration = With("2/2/1+1", {.timeouts = 1}, 1);
  const Report one = Explore(configuration, {});
  const Report two = Explore(configuration, {});
  EXPECT_EQ(one.visited, two.visited);
  EXPECT_EQ(one.distinct, two.distinct);
  EXPECT_EQ(one.depth, two.depth);
}

TEST(ExplorerTest, BoundsEndIt) {
  const Configuration configuration = With("3/3/2", {.timeouts = 2, .crashes = 2});
  const Report soon = Explore(configuration, {.seconds = 0.05});
  EXPECT_FALSE(soon.exhausted);
  EXPECT_GT(soon.complete_depth, 0);
  const Report small = Explore(configuration, {.memory_bytes = 8U << 20});
  EXPECT_FALSE(small.exhausted);
  EXPECT_EQ(small.violation, "");
  EXPECT_LT(small.distinct, 8U << 20);
}

// Two states that are taken for one although they can lead to different ends would make an end
// disappear here. Machines are told apart by all that they heard, and slots by their names.
TEST(ReductionTest, EqualStatesLoseNoOutcome) {
  for (Configuration configuration :
       {With("2/2/1", {.lost_answers = 1}, 1), With("3/2/2", {}, 1),
        OneEntry("2/2/1", {.timeouts = 1, .lost_answers = 1}), OneEntry("2/2/1+1", {.timeouts = 1}),
        OneEntry("2/2/1", {.crashes = 1})}) {
    configuration.symmetry = false;
    const Outcomes merged = OutcomesOf(configuration);
    configuration.merge_states = false;
    EXPECT_EQ(OutcomesOf(configuration), merged) << configuration.ToString();
  }
}

TEST(ReductionTest, RenamedSlotsLoseNoOutcome) {
  for (Configuration configuration : {With("3/3/2", {.timeouts = 1}, 1),
                                      With("2/2/1", {.crashes = 1}, 1), With("2/2/1", {}, 2)}) {
    const Outcomes renamed = OutcomesOf(configuration);
    configuration.symmetry = false;
    EXPECT_EQ(OutcomesOf(configuration), renamed) << configuration.ToString();
  }
}

// Eager steps leave out schedules in which less is acknowledged, and nothing else.
TEST(ReductionTest, EagerStepsLoseNoOutcomeThatPromisesMore) {
  for (Configuration configuration :
       {With("2/2/1", {.timeouts = 1}, 1), With("2/2/1+1", {.timeouts = 1}, 1),
        With("2/2/1", {.crashes = 1}, 1), With("3/2/2", {}, 1),
        With("2/2/1", {.lost_answers = 1}, 1)}) {
    const Outcomes eager = OutcomesOf(configuration);
    configuration.eager = false;
    const Outcomes all = OutcomesOf(configuration);
    EXPECT_EQ(eager.size(), all.size()) << configuration.ToString();
    for (const auto& [end, lacs] : all) {
      ASSERT_TRUE(eager.contains(end)) << configuration.ToString() << ": " << end;
      EXPECT_EQ(*eager.at(end).rbegin(), *lacs.rbegin()) << configuration.ToString() << end;
    }
  }
}

struct MutantCase {
  std::string name;
  Deviation deviation;
  Budgets budgets;  // with fewer it is not found
};

class MutantTest : public testing::TestWithParam<MutantCase> {
 protected:
  Report Find(bool check_fences) const {
    Configuration configuration = With("3/3/2", GetParam().budgets, 1);
    configuration.deviation = GetParam().deviation;
    configuration.check_fences = check_fences;
    return Explore(configuration, {});
  }
};

TEST_P(MutantTest, IsFoundAndItsScheduleTold) {
  const Report report = Find(true);
  ASSERT_NE(report.violation, "");
  EXPECT_GT(report.schedule.size(), 4U);
}

TEST_P(MutantTest, IsFoundByWhatItDoesToTheLedger) {
  const Report report = Find(false);
  std::printf("%s %s\n", GetParam().name.c_str(), report.ToString().c_str());
  ASSERT_NE(report.violation, "");
  EXPECT_FALSE(report.violation.starts_with("I8")) << report.violation;
}

TEST_P(MutantTest, NeedsTheFaultsOfItsBudgets) {
  const Budgets& budgets = GetParam().budgets;
  if (budgets.crashes == 0) return;
  Configuration configuration = With("3/3/2", {}, 1);
  configuration.deviation = GetParam().deviation;
  const Report report = Explore(configuration, {});
  EXPECT_EQ(report.violation, "") << report.ToString();
  EXPECT_TRUE(report.exhausted);
}

INSTANTIATE_TEST_SUITE_P(
    Model, MutantTest,
    testing::Values(MutantCase{"M1", Deviation::kReadsDoNotFence, {}},
                    MutantCase{"M3", Deviation::kNegativeBeforeFence, {.crashes = 1}},
                    MutantCase{"M4", Deviation::kVolatileFence, {.crashes = 1}},
                    MutantCase{"M5", Deviation::kAckBeforeSync, {.crashes = 1}},
                    MutantCase{"M23", Deviation::kUnknownNotFenced, {}},
                    MutantCase{"M24", Deviation::kRecoveryAddRefused, {}},
                    MutantCase{"M33", Deviation::kVisibleOnlyAfterSync, {}}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace quire::exhaustive
