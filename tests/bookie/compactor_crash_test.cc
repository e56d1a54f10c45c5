#include <gtest/gtest.h>

#include "bookie/compactor.h"
#include "tests/bookie/store_fixture.h"

namespace quire::bookie {
namespace {

using protocol::Code;
using protocol::LedgerId;

bool Prepare(StoreHarness& store) {
  if (!store.Open()) return false;
  store.AddRange(1, 0, 39);
  store.AddRange(2, 0, 19);
  if (!store.Flush()) return false;
  store.AddRange(1, 40, 79);
  store.AddRange(2, 20, 39);
  store.AddRange(3, 0, 5);
  if (!store.Flush()) return false;
  ++store.lsn;
  return store.Flush({.dropped = {LedgerId(1)}}).has_value();
}

// H09: the power goes at each change of the disk that a round makes, also in the middle of it.
TEST(CompactorCrashTest, LosesAndBringsBackNothingWhereverItStops) {
  std::uint64_t changes = 0;
  {
    StoreHarness store;
    ASSERT_TRUE(Prepare(store));
    const std::uint64_t before = store.disk.changes();
    store.Compact();
    changes = store.disk.changes() - before;
    ASSERT_EQ(store.Segments().size(), 1U);
  }
  ASSERT_GE(changes, 4U);  // write, sync, name, removals
  for (std::uint64_t point = 0; point <= changes; ++point) {
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      StoreHarness store;
      ASSERT_TRUE(Prepare(store));
      store.disk.PowerOffAfter(point);
      store.store->compactor()->Trigger();
      for (int i = 0; i < 20; ++i) {
        store.loop.FireTimers();
        store.Settle();
      }
      common::Random random(seed);
      store.Close();
      store.disk.Crash(random);
      ASSERT_TRUE(store.Open()) << "stopped after change " << point;
      EXPECT_TRUE(store.HasAll(2, 0, 39)) << point;
      EXPECT_TRUE(store.HasAll(3, 0, 5)) << point;
      EXPECT_EQ(store.ReadOne(1, 0), Code::kNoEntry);
      store.Compact();
      EXPECT_EQ(store.Segments().size(), 1U) << point;
      EXPECT_TRUE(store.HasAll(2, 0, 39)) << point;
      EXPECT_TRUE(store.HasAll(3, 0, 5)) << point;
      EXPECT_EQ(store.store->stats().live_bytes,
                46 * (kRecordHeaderBytes + protocol::kEntryOverheadBytes + 100));
    }
  }
}

}  // namespace
}  // namespace quire::bookie
