#include "tests/exhaustive/world.h"

#include <gtest/gtest.h>

#include <utility>

namespace quire::exhaustive {
namespace {

class WorldTest : public testing::Test {
 protected:
  std::uint64_t Hash(const World& world) { return world.Hash(machines_, configuration_); }

  Configuration configuration_ = NamedConfiguration("3/3/2");
  Machines machines_{configuration_};
};

TEST_F(WorldTest, ACopyIsEqualAndIndependent) {
  World world;
  world.Add({.owner = 1, .bookie = 2, .slot = 2});
  World copy;
  copy.Add({.owner = 2});
  copy.Add({.owner = 2});
  copy.CopyFrom(world);
  EXPECT_EQ(Hash(copy), Hash(world));
  copy.calls[0].answered = 1;
  EXPECT_NE(Hash(copy), Hash(world));
  copy.CopyFrom(world);
  copy.Remove(0);
  EXPECT_NE(Hash(copy), Hash(world));
}

TEST_F(WorldTest, TheOrderOfCallsAndOfRecoverersDoesNotMatter) {
  const Call first{.owner = 1, .kind = Call::kFence, .bookie = 0};
  const Call second{.owner = 2, .kind = Call::kRead, .bookie = 1, .slot = 1};
  World one;
  one.recoverers = {machines_.NewRecoverer(0), 0, 0};
  one.Add(first);
  one.Add(second);
  World other;
  other.recoverers = {0, one.recoverers[0], 0};
  for (Call call : {second, first}) {
    call.owner = 3 - call.owner;
    other.Add(call);
  }
  EXPECT_EQ(Hash(one), Hash(other));
  std::swap(other.recoverers[0], other.recoverers[1]);
  EXPECT_NE(Hash(one), Hash(other));
}

TEST_F(WorldTest, NamesOfSlotsDoNotMatterWhereSlotsAreAlike) {
  World one;
  one.Add({.owner = 0, .bookie = 0, .slot = 0});
  one.bookies[2].Add(0, 1, false, Deviation::kNone);
  World other;
  other.Add({.owner = 0, .bookie = 2, .slot = 2});
  other.bookies[1].Add(0, 1, false, Deviation::kNone);
  EXPECT_EQ(Hash(one), Hash(other));
  World third = one;
  third.bookies = {};
  third.bookies[0].Add(0, 1, false, Deviation::kNone);  // where the call goes
  EXPECT_NE(Hash(one), Hash(third));

  configuration_.symmetry = false;
  const Machines by_name(configuration_);
  EXPECT_NE(one.Hash(by_name, configuration_), other.Hash(by_name, configuration_));
}

TEST_F(WorldTest, WhatIsLeftOfTheBudgetsIsPartOfIt) {
  World world;
  World other;
  other.timeouts = 1;
  EXPECT_NE(Hash(world), Hash(other));
  other = world;
  other.retry_due = true;
  EXPECT_NE(Hash(world), Hash(other));
  other = world;
  other.claims[0].phase = MetaCall::kAsked;
  EXPECT_NE(Hash(world), Hash(other));
}

}  // namespace
}  // namespace quire::exhaustive
