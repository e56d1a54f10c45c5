#include "tests/exhaustive/visited_states.h"

#include <gtest/gtest.h>

namespace quire::exhaustive {
namespace {

TEST(VisitedStatesTest, AStateIsNewOnce) {
  VisitedStates states;
  EXPECT_EQ(states.Insert(10, VisitedStates::kNone, 0), 0U);
  EXPECT_EQ(states.Insert(20, 0, 7), 1U);
  EXPECT_EQ(states.Insert(10, 1, 3), VisitedStates::kNone);
  EXPECT_EQ(states.size(), 2U);
  EXPECT_EQ(states.ParentOf(1), 0U);
  EXPECT_EQ(states.MoveTo(1), 7);
}

TEST(VisitedStatesTest, ItKnowsAllOfThemAfterItGrew) {
  VisitedStates states;
  constexpr std::uint64_t kCount = 300'000;
  const auto hash = [](std::uint64_t i) { return i * 0x9e3779b97f4a7c15ULL; };
  for (std::uint64_t i = 1; i <= kCount; ++i) ASSERT_EQ(states.Insert(hash(i), 0, 0), i - 1);
  for (std::uint64_t i = 1; i <= kCount; ++i) {
    ASSERT_EQ(states.Insert(hash(i), 0, 0), VisitedStates::kNone);
  }
  EXPECT_EQ(states.size(), kCount);
  EXPECT_LT(states.memory(), kCount * 32);
}

}  // namespace
}  // namespace quire::exhaustive
