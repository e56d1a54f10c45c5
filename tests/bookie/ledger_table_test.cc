#include "bookie/ledger_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace quire::bookie {
namespace {

using protocol::LedgerId;

constexpr protocol::LedgerKey kKey{.high = 7, .low = 9};

std::vector<LedgerId> Ids(std::int64_t first, std::int64_t end, std::int64_t step) {
  std::vector<LedgerId> ids;
  for (std::int64_t id = first; id < end; id += step) ids.emplace_back(id);
  return ids;
}
std::vector<LedgerId> Sorted(std::vector<LedgerId> ids) {
  std::ranges::sort(ids);
  return ids;
}

TEST(LedgerTableTest, AWalkSeesEachLedgerOnce) {
  LedgerTable ledgers;
  for (std::int64_t id = 0; id < 1000; ++id) ledgers.Get(LedgerId(id), kKey);
  for (std::int64_t id = 0; id < 1000; id += 2) ledgers.Bury(LedgerId(id));
  LedgerWalk walk;
  std::size_t steps = 0;
  std::size_t most = 0;
  for (std::size_t seen = 0; ledgers.Step(walk); ++steps) {
    const std::size_t now = walk.there.size() + walk.deleted.size();
    most = std::max(most, now - seen);
    seen = now;
  }
  EXPECT_EQ(Sorted(walk.there), Ids(1, 1000, 2));
  EXPECT_EQ(Sorted(walk.deleted), Ids(0, 1000, 2));
  EXPECT_GE(steps, 1000U);
  EXPECT_LE(most, 10U);
}

// New ledgers make the table grow, which puts all of them somewhere else.
TEST(LedgerTableTest, AWalkSeesEachLedgerOnceWhileTheTableGrows) {
  LedgerTable ledgers;
  for (std::int64_t id = 0; id < 100; ++id) ledgers.Get(LedgerId(id), kKey);
  LedgerWalk walk;
  std::int64_t next = 100;
  while (ledgers.Step(walk)) {
    if (next < 1000) ledgers.Get(LedgerId(next++), kKey);
  }
  const auto seen = Sorted(walk.there);
  EXPECT_EQ(std::ranges::adjacent_find(seen), seen.end());
  EXPECT_TRUE(std::ranges::includes(seen, Ids(0, 100, 1)));
}

}  // namespace
}  // namespace quire::bookie
