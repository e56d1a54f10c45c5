#include "bookie/tombstones.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <set>
#include <vector>

#include "common/random.h"

namespace quire::bookie {
namespace {

using protocol::LedgerId;

TEST(TombstonesTest, HoldsExactlyWhatWasPutIn) {
  Tombstones tombstones;
  std::set<LedgerId> expected;
  common::Random random(7);
  for (int i = 0; i < 2000; ++i) {
    const LedgerId id(static_cast<std::int64_t>(common::Below(random, 5000)));
    tombstones.Insert(id);
    expected.insert(id);
  }
  EXPECT_EQ(tombstones.size(), expected.size());
  for (std::int64_t id = -1; id < 6000; ++id) {
    EXPECT_EQ(tombstones.Contains(LedgerId(id)), expected.contains(LedgerId(id))) << id;
  }
  EXPECT_EQ(tombstones.Ids(), std::vector<LedgerId>(expected.begin(), expected.end()));
  EXPECT_EQ(tombstones.Highest(), *expected.rbegin());
}

TEST(TombstonesTest, KnowsTheEdges) {
  Tombstones tombstones;
  EXPECT_FALSE(tombstones.Highest());
  EXPECT_FALSE(tombstones.Contains(LedgerId(0)));
  const std::vector<LedgerId> edges = {LedgerId(-5), LedgerId(0), LedgerId(1023), LedgerId(1024),
                                       LedgerId(std::numeric_limits<std::int64_t>::max())};
  for (const LedgerId id : edges) {
    tombstones.Insert(id);
    EXPECT_EQ(tombstones.Highest(), id);
  }
  EXPECT_EQ(tombstones.Ids(), edges);
  EXPECT_FALSE(tombstones.Contains(LedgerId(1)));
  EXPECT_FALSE(tombstones.Contains(LedgerId(1025)));
}

}  // namespace
}  // namespace quire::bookie
