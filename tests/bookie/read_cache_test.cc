#include "bookie/read_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace quire::bookie {
namespace {

using protocol::EntryId;
using protocol::LedgerId;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ReadCacheTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kEntryBytes = 100;

  static std::string Bytes(std::int64_t ledger, std::int64_t id) {
    std::string bytes = std::to_string(ledger) + "/" + std::to_string(id);
    bytes.resize(kEntryBytes, '.');
    return bytes;
  }
  // Each `step`th entry from `first` on.
  static EntryBlock Block(std::int64_t ledger, std::int64_t first, std::int64_t count,
                          std::int64_t step = 1) {
    EntryBlock block;
    block.ledger = LedgerId(ledger);
    for (std::int64_t i = 0; i < count; ++i) {
      block.items.push_back({.id = EntryId(first + i * step),
                             .offset = static_cast<std::uint32_t>(block.bytes.size()),
                             .length = kEntryBytes});
      block.bytes += Bytes(ledger, first + i * step);
    }
    block.items.shrink_to_fit();
    block.bytes.shrink_to_fit();
    return block;
  }
  bool Finds(std::int64_t ledger, std::int64_t id) {
    const auto found = cache_.Find(LedgerId(ledger), EntryId(id));
    if (found) EXPECT_EQ(*found, Bytes(ledger, id));
    return found.has_value();
  }

  std::vector<std::int64_t> wasted_;
  ReadCache cache_{10'000,
                   [this](const EntryBlock& block) { wasted_.push_back(block.ledger.value()); }};
};

TEST_F(ReadCacheTest, FindsWhatItWasGivenAndNothingElse) {
  cache_.Put(Block(1, 0, 5));
  cache_.Put(Block(1, 10, 5, 3));
  cache_.Put(Block(2, 0, 1));
  for (const int id : {0, 4, 10, 13, 22}) EXPECT_TRUE(Finds(1, id)) << id;
  for (const int id : {5, 9, 11, 12, 23}) EXPECT_FALSE(Finds(1, id)) << id;
  EXPECT_TRUE(Finds(2, 0));
  EXPECT_FALSE(Finds(2, 1));
  EXPECT_FALSE(Finds(3, 0));
}

TEST_F(ReadCacheTest, StaysWithinItsBoundAndKeepsWhatWasUsedLast) {
  for (std::int64_t ledger = 0; ledger < 5; ++ledger) cache_.Put(Block(ledger, 0, 10));
  EXPECT_TRUE(Finds(0, 3));
  for (std::int64_t ledger = 5; ledger < 12; ++ledger) {
    cache_.Put(Block(ledger, 0, 10));
    EXPECT_LE(cache_.bytes(), cache_.max_bytes());
    EXPECT_TRUE(Finds(0, 3));
  }
  EXPECT_FALSE(Finds(1, 0));
}

TEST_F(ReadCacheTest, TellsOfBlocksThatNobodyUsed) {
  for (std::int64_t ledger = 0; ledger < 3; ++ledger) cache_.Put(Block(ledger, 0, 20));
  EXPECT_TRUE(Finds(1, 0));
  EXPECT_TRUE(cache_.Has(LedgerId(2), EntryId(0)));
  EXPECT_THAT(wasted_, IsEmpty());
  for (std::int64_t ledger = 3; ledger < 20; ++ledger) {
    cache_.Put(Block(ledger, 0, 20));
    EXPECT_TRUE(Finds(ledger, 0));
  }
  EXPECT_THAT(wasted_, ElementsAre(0, 2));
}

TEST_F(ReadCacheTest, ForgetsALedger) {
  cache_.Put(Block(1, 0, 5));
  cache_.Put(Block(1, 5, 5));
  cache_.Put(Block(2, 0, 5));
  cache_.Forget(LedgerId(1));
  cache_.Forget(LedgerId(1));
  EXPECT_FALSE(Finds(1, 0));
  EXPECT_FALSE(Finds(1, 7));
  EXPECT_TRUE(Finds(2, 0));
  cache_.Forget(LedgerId(2));
  EXPECT_EQ(cache_.bytes(), 0U);
}

TEST_F(ReadCacheTest, ABlockTakesThePlaceOfOneThatBeganAtTheSameEntry) {
  cache_.Put(Block(1, 0, 2));
  cache_.Put(Block(1, 0, 4));
  EXPECT_TRUE(Finds(1, 3));
  cache_.Forget(LedgerId(1));
  EXPECT_EQ(cache_.bytes(), 0U);
}

TEST_F(ReadCacheTest, TakesNeitherNothingNorTooMuch) {
  cache_.Put(Block(1, 0, 0));
  cache_.Put(Block(1, 0, 200));
  EXPECT_EQ(cache_.bytes(), 0U);
  EXPECT_FALSE(Finds(1, 0));
}

}  // namespace
}  // namespace quire::bookie
