#include "tests/simulation/history.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace quire::simulation {
namespace {

// How many seeds a test tries: a budget of time, not of meaning. Fresh ones come from
// `simulation_run`.
std::uint64_t Budget(std::uint64_t normal) {
  const char* factor = std::getenv("QUIRE_SIMULATION_FACTOR");
  return factor == nullptr ? normal : normal * std::strtoull(factor, nullptr, 10);
}

void ExpectNoViolation(BookieKind kind, bool focused, std::uint64_t first, std::uint64_t count) {
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const HistoryPlan plan = HistoryPlan::Draw(seed, kind, focused);
    const HistoryResult result = RunHistory(plan, 0);
    ASSERT_FALSE(result.violation) << *result.violation << "\n"
                                   << plan.ToString() << "\nrepeat: simulation_run --from " << seed
                                   << " --seeds 1" << (kind == BookieKind::kFull ? " --full" : "")
                                   << (focused ? " --focused" : "") << " --trace 1000";
  }
}

TEST(HistoryTest, KeepsEveryInvariantUnderUniformFaults) {
  ExpectNoViolation(BookieKind::kSimple, false, 1, Budget(2000));
}

TEST(HistoryTest, KeepsEveryInvariantUnderFocusedFaults) {
  ExpectNoViolation(BookieKind::kSimple, true, 1, Budget(2000));
}

TEST(HistoryTest, KeepsEveryInvariantOnRealJournalsAndStores) {
  ExpectNoViolation(BookieKind::kFull, false, 1, Budget(100));
}

TEST(HistoryTest, IsTheSameForTheSameSeed) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    for (const BookieKind kind : {BookieKind::kSimple, BookieKind::kFull}) {
      if (kind == BookieKind::kFull && seed > 5) continue;
      const HistoryPlan plan = HistoryPlan::Draw(seed, kind, false);
      EXPECT_EQ(RunHistory(plan, 0).hash, RunHistory(plan, 0).hash) << plan.ToString();
    }
  }
}

// A bookie that breaks one rule of the protocol is found out: the histories and the oracle can
// fail.
class BookieMutantTest : public ::testing::TestWithParam<BookieMutant> {};

TEST_P(BookieMutantTest, IsFound) {
  for (std::uint64_t seed = 1; seed <= 60'000; ++seed) {
    const HistoryPlan plan = HistoryPlan::Draw(seed, BookieKind::kSimple, seed % 2 == 0);
    if (const auto violation = RunHistory(plan, 0, GetParam()).violation) {
      std::printf("mutant %d: seed %llu: %s\n", static_cast<int>(GetParam()),
                  static_cast<unsigned long long>(seed), violation->c_str());
      return;
    }
  }
  FAIL() << "no seed shows it";
}

INSTANTIATE_TEST_SUITE_P(Mutants, BookieMutantTest,
                         ::testing::Values(BookieMutant::kVolatileFence,
                                           BookieMutant::kAckBeforeSync,
                                           BookieMutant::kRecoveryAddRefused,
                                           BookieMutant::kVisibleAfterSync));

}  // namespace
}  // namespace quire::simulation
