#include "tests/exhaustive/frontier.h"

#include <gtest/gtest.h>

namespace quire::exhaustive {
namespace {

TEST(FrontierTest, WorldsComeBackInOrderWithTheirCalls) {
  Frontier frontier;
  constexpr std::uint32_t kCount = 40'000;  // some blocks
  for (std::uint32_t i = 0; i < kCount; ++i) {
    World world;
    world.writer = i;
    for (std::uint32_t n = 0; n < i % 7; ++n) world.Add({.owner = 1, .entry = n % 3});
    frontier.Push(world, i + 5);
  }
  EXPECT_GT(frontier.memory(), 2U << 20);
  World world;
  std::uint32_t number = 0;
  for (std::uint32_t i = 0; i < kCount; ++i) {
    ASSERT_TRUE(frontier.Pop(world, number));
    ASSERT_EQ(number, i + 5);
    ASSERT_EQ(world.writer, i);
    ASSERT_EQ(world.calls_size, i % 7);
    for (std::uint32_t n = 0; n < i % 7; ++n) ASSERT_EQ(world.calls[n].entry, n % 3);
  }
  EXPECT_FALSE(frontier.Pop(world, number));
  EXPECT_EQ(frontier.memory(), 0U);
}

TEST(FrontierTest, ItCanBeFilledAgain) {
  Frontier frontier;
  World world;
  std::uint32_t number = 0;
  EXPECT_FALSE(frontier.Pop(world, number));
  for (std::uint32_t round = 0; round < 3; ++round) {
    frontier.Push(World{}, round);
    ASSERT_TRUE(frontier.Pop(world, number));
    EXPECT_EQ(number, round);
    EXPECT_FALSE(frontier.Pop(world, number));
  }
}

}  // namespace
}  // namespace quire::exhaustive
