#include "bookie/ledger_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
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

TEST(LedgerTableTest, ASettledLedgerStaysDeletedAndItsNeighboursUnknown) {
  LedgerTable ledgers;
  for (const std::int64_t id : {4, 6, 8}) {
    ledgers.Get(LedgerId(id), kKey);
    ledgers.Bury(LedgerId(id));
  }
  ledgers.TakeChanged();
  ledgers.Settle(LedgerId(6));
  ledgers.Settle(LedgerId(8));
  EXPECT_EQ(ledgers.Find(LedgerId(6)), nullptr);
  for (const std::int64_t id : {4, 6, 8}) {
    ASSERT_NE(ledgers.StateOf(LedgerId(id)), nullptr);
    EXPECT_TRUE(ledgers.StateOf(LedgerId(id))->deleted);
  }
  for (const std::int64_t id : {3, 5, 7, 9}) EXPECT_EQ(ledgers.StateOf(LedgerId(id)), nullptr);
  EXPECT_EQ(ledgers.size(), 3U);
  EXPECT_EQ(ledgers.Highest(), LedgerId(8)) << "its id must not be given out again";
  EXPECT_EQ(ledgers.TakeSettled(), (std::vector{LedgerId(6), LedgerId(8)}));
  EXPECT_TRUE(ledgers.TakeSettled().empty());
  LedgerWalk walk;
  while (ledgers.Step(walk)) {
  }
  EXPECT_EQ(walk.deleted, std::vector{LedgerId(4)});
}

TEST(LedgerTableTest, BelowTheLimboFloorASettledLedgerIsDeleted) {
  Tombstones tombstones;
  tombstones.Insert(LedgerId(5));
  LedgerTable ledgers;
  ledgers.Load({}, std::move(tombstones), LedgerId(10));
  EXPECT_TRUE(ledgers.StateOf(LedgerId(5))->deleted);
  EXPECT_TRUE(ledgers.StateOf(LedgerId(6))->limbo);
  EXPECT_FALSE(ledgers.StateOf(LedgerId(6))->deleted);
}

// The replay of a journal that was undeleted from meets records of other settled ledgers again.
TEST(LedgerTableTest, AReplayDoesNotBringASettledLedgerBack) {
  Tombstones tombstones;
  for (const std::int64_t id : {5, 6, 7}) tombstones.Insert(LedgerId(id));
  LedgerTable ledgers;
  ledgers.Load({{LedgerId(7), {.key = {}, .fenced = true, .limbo = true}}}, std::move(tombstones),
               LedgerId(10));
  EXPECT_TRUE(ledgers.Get(LedgerId(5), kKey).state.deleted);
  ledgers.PutInLimbo(LedgerId(6));
  EXPECT_TRUE(ledgers.StateOf(LedgerId(6))->deleted);
  EXPECT_EQ(ledgers.in_limbo(), 1U);
  EXPECT_FALSE(ledgers.StateOf(LedgerId(7))->deleted) << "a state counts more than the bit";
}

}  // namespace
}  // namespace quire::bookie
