#include "bookie/write_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "bookie/write_cache_halves.h"
#include "common/random.h"

namespace quire::bookie {
namespace {

using protocol::EntryId;
using protocol::EntryRun;
using protocol::LedgerId;

TEST(WriteCacheTest, FindsACopyOfWhatWasAdded) {
  ChunkPool pool;
  WriteCache cache(pool);
  std::string bytes = "first";
  cache.Add(LedgerId(1), EntryId(0), bytes);
  bytes = "XXXXX";
  EXPECT_EQ(cache.Find(LedgerId(1), EntryId(0)), "first");
  EXPECT_FALSE(cache.Find(LedgerId(1), EntryId(1)));
  EXPECT_FALSE(cache.Find(LedgerId(2), EntryId(0)));
}

TEST(WriteCacheTest, OfTwoEntriesWithTheSameIdsTheLastCounts) {
  ChunkPool pool;
  WriteCache cache(pool);
  for (const char* bytes : {"aa", "b"}) cache.Add(LedgerId(1), EntryId(7), bytes);
  EXPECT_EQ(cache.Find(LedgerId(1), EntryId(7)), "b");
  cache.Add(LedgerId(1), EntryId(9), "cc");
  cache.Add(LedgerId(1), EntryId(7), "ddd");
  EXPECT_EQ(cache.Find(LedgerId(1), EntryId(7)), "ddd");
  EXPECT_EQ(cache.Find(LedgerId(1), EntryId(9)), "cc");
  EXPECT_EQ(cache.FindLedger(LedgerId(1))->size(), 2U);
}

TEST(WriteCacheTest, AgreesWithAMapForIdsInAnyOrder) {
  common::Random random(11);
  ChunkPool pool;
  WriteCache cache(pool);
  std::map<std::pair<LedgerId, EntryId>, std::string> model;
  for (int i = 0; i < 30'000; ++i) {
    const LedgerId ledger(static_cast<std::int64_t>(common::Below(random, 5)));
    const EntryId entry(static_cast<std::int64_t>(common::Below(random, 20'000)));
    const std::string bytes = std::to_string(i);
    model.insert_or_assign({ledger, entry}, bytes);
    cache.Add(ledger, entry, bytes);
  }
  for (int l = 0; l < 6; ++l) {
    for (int e = 0; e < 20'000; ++e) {
      const auto it = model.find({LedgerId(l), EntryId(e)});
      const auto found = cache.Find(LedgerId(l), EntryId(e));
      ASSERT_EQ(found.has_value(), it != model.end());
      if (found) ASSERT_EQ(*found, it->second);
    }
  }
  std::vector<std::pair<LedgerId, EntryId>> walked;
  for (const auto& [ledger, entries] : cache.Sorted()) {
    entries->ForEach([&](const CachedEntry& entry) { walked.emplace_back(ledger, entry.id); });
  }
  EXPECT_EQ(walked.size(), model.size());
  EXPECT_TRUE(std::ranges::is_sorted(walked));
}

TEST(WriteCacheTest, WalksFromAnId) {
  ChunkPool pool;
  WriteCache cache(pool);
  for (int id = 0; id < 1000; id += 2) cache.Add(LedgerId(1), EntryId(id), "x");
  for (const int from : {0, 1, 511, 512, 513, 997, 998, 999, 5000}) {
    int expected = (from + 1) / 2 * 2;
    cache.FindLedger(LedgerId(1))->ForEachFrom(EntryId(from), [&](const CachedEntry& entry) {
      EXPECT_EQ(entry.id.value(), expected);
      expected += 2;
    });
    EXPECT_EQ(expected, std::max(1000, (from + 1) / 2 * 2));
  }
}

// One entry that the index may have is enough to look for copies of all.
TEST(WriteCacheTest, KnowsWhoseEntriesHaveNoCopies) {
  ChunkPool pool;
  WriteCache cache(pool);
  for (int id = 5; id < 9; ++id) {
    cache.Add(LedgerId(1), EntryId(id), "one", Copies::kNone);
    cache.Add(LedgerId(2), EntryId(id), "two", Copies::kNone);
  }
  EXPECT_EQ(cache.FindLedger(LedgerId(1))->copies(), Copies::kNone);
  cache.Add(LedgerId(2), EntryId(2), "repaired", Copies::kPerhaps);
  cache.Add(LedgerId(2), EntryId(9), "two", Copies::kNone);
  EXPECT_EQ(cache.FindLedger(LedgerId(1))->copies(), Copies::kNone);
  EXPECT_EQ(cache.FindLedger(LedgerId(2))->copies(), Copies::kPerhaps);
}

TEST(WriteCacheTest, ForgetsALedger) {
  ChunkPool pool;
  WriteCache cache(pool);
  cache.Add(LedgerId(1), EntryId(0), "one");
  cache.Add(LedgerId(2), EntryId(0), "two");
  cache.Forget(LedgerId(2));
  cache.Forget(LedgerId(3));
  EXPECT_FALSE(cache.Find(LedgerId(2), EntryId(0)));
  EXPECT_TRUE(cache.Find(LedgerId(1), EntryId(0)));
  cache.Add(LedgerId(2), EntryId(5), "again");
  EXPECT_EQ(cache.Find(LedgerId(2), EntryId(5)), "again");
  EXPECT_EQ(cache.Sorted().size(), 2U);
}

TEST(WriteCacheTest, ReusesItsMemory) {
  ChunkPool pool;
  WriteCache cache(pool);
  const std::string bytes(1000, 'x');
  std::size_t memory = 0;
  for (int round = 0; round < 3; ++round) {
    for (int id = 0; id < 5000; ++id) cache.Add(LedgerId(1), EntryId(id), bytes);
    if (round == 0) memory = cache.memory();
    EXPECT_EQ(cache.memory() + pool.free_bytes(), memory);
    EXPECT_EQ(cache.Clear().size(), 1U);
    EXPECT_EQ(cache.bytes(), 0U);
    EXPECT_GE(pool.free_bytes(), 5000 * bytes.size());
  }
}

TEST(WriteCacheTest, HoldsEntriesLargerThanAChunk) {
  ChunkPool pool;
  WriteCache cache(pool);
  const std::string large(ChunkPool::kChunkBytes + 36, 'l');
  cache.Add(LedgerId(1), EntryId(0), "small");
  cache.Add(LedgerId(1), EntryId(1), large);
  cache.Add(LedgerId(1), EntryId(2), "small too");
  EXPECT_EQ(cache.Find(LedgerId(1), EntryId(1)), large);
  EXPECT_EQ(cache.Find(LedgerId(1), EntryId(2)), "small too");
  EXPECT_LT(cache.memory(), 3 * ChunkPool::kChunkBytes);
}

TEST(WriteCacheTest, LargeEntriesAfterSmallOnesDoNotTakeTwiceTheMemory) {  // H01
  constexpr std::size_t kBytes = 32 * ChunkPool::kChunkBytes;
  ChunkPool pool;
  WriteCache cache(pool);
  const std::string small(1000, 's');
  for (int id = 0; cache.bytes() < kBytes; ++id) cache.Add(LedgerId(1), EntryId(id), small);
  cache.Clear();
  const std::string large(ChunkPool::kChunkBytes, 'l');
  std::size_t most = 0;
  for (int id = 0; cache.bytes() < kBytes; ++id) {
    cache.Add(LedgerId(1), EntryId(id), large);
    most = std::max(most, cache.memory() + pool.free_bytes());
  }
  EXPECT_LE(most, kBytes + kBytes / 4);
}

TEST(WriteCacheTest, IsModestWithManySmallLedgers) {
  ChunkPool pool;
  WriteCache cache(pool);
  constexpr int kLedgers = 50'000;
  for (int id = 0; id < 2; ++id) {
    for (int l = 0; l < kLedgers; ++l) cache.Add(LedgerId(l), EntryId(id), "0123456789");
  }
  EXPECT_EQ(cache.Sorted().size(), static_cast<std::size_t>(kLedgers));
  EXPECT_LT(cache.memory() / kLedgers, 300U);
}

TEST(WriteCacheTest, BothHalvesAreReadable) {
  CacheHalves halves(1000);
  halves.Add(LedgerId(1), EntryId(3), "old");
  EXPECT_FALSE(halves.active_full());
  halves.Add(LedgerId(1), EntryId(4), std::string(1000, 'o'));
  EXPECT_TRUE(halves.active_full());
  halves.Freeze();
  EXPECT_FALSE(halves.active_full());
  halves.Add(LedgerId(1), EntryId(5), "new");
  halves.Add(LedgerId(1), EntryId(0), "new");
  EXPECT_EQ(halves.Find(LedgerId(1), EntryId(3)), "old");
  EXPECT_EQ(halves.Find(LedgerId(1), EntryId(5)), "new");
  const std::vector<EntryRun> runs = halves.Runs(LedgerId(1), EntryId(0));
  EXPECT_EQ(runs, (std::vector<EntryRun>{{EntryId(0), 1}, {EntryId(3), 2}, {EntryId(5), 1}}));
  halves.Release();
  EXPECT_FALSE(halves.Find(LedgerId(1), EntryId(3)));
  EXPECT_TRUE(halves.Find(LedgerId(1), EntryId(5)));
}

}  // namespace
}  // namespace quire::bookie
