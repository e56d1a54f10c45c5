#include "bookie/read_ahead.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <vector>

namespace quire::bookie {
namespace {

using protocol::EntryId;
using protocol::LedgerId;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::int64_t kEntryBytes = 1000;

class ReadAheadTest : public ::testing::Test {
 protected:
  std::vector<ReadAhead::Range> Read(std::int64_t first, std::int64_t count,
                                     std::int64_t ledger = 1) {
    return read_ahead_.Observe(
        {.ledger = LedgerId(ledger), .first = EntryId(first), .end = EntryId(first + count)},
        static_cast<std::uint64_t>(count * kEntryBytes));
  }
  // The same, and remembers what is to be fetched.
  std::size_t Follow(std::int64_t first, std::int64_t count, std::int64_t ledger = 1) {
    const auto ranges = Read(first, count, ledger);
    for (const auto& range : ranges) {
      EXPECT_LT(range.first, range.end);
      for (EntryId id = range.first; id < range.end; ++id) {
        EXPECT_TRUE(fetched_.insert(id.value()).second) << id.value() << " is fetched twice";
      }
    }
    return ranges.size();
  }

  ReadAheadOptions options_;
  ReadAhead read_ahead_{options_};
  std::set<std::int64_t> fetched_;
};

TEST_F(ReadAheadTest, TheFirstRequestTellsNothing) {
  EXPECT_THAT(Read(0, 100), IsEmpty());
  EXPECT_THAT(Read(500, 1), IsEmpty());
}

TEST_F(ReadAheadTest, ASequentialReaderFindsEverythingFetched) {
  Follow(0, 100);
  Follow(100, 100);
  for (std::int64_t first = 200; first < 100'000; first += 100) {
    for (std::int64_t id = first; id < first + 100; ++id) {
      ASSERT_TRUE(fetched_.contains(id)) << id;
    }
    Follow(first, 100);
  }
}

TEST_F(ReadAheadTest, SingleEntriesAreFetchedManyAtOnce) {
  std::size_t fetches = 0;
  for (std::int64_t id = 0; id < 10'000; ++id) fetches += Follow(id, 1);
  for (std::int64_t id = 2; id < 10'000; ++id) ASSERT_TRUE(fetched_.contains(id)) << id;
  EXPECT_LT(fetches, 40U);
}

TEST_F(ReadAheadTest, TheWindowGrowsToItsBoundAndNotBeyond) {
  std::int64_t most = 0;
  for (std::int64_t first = 0; first < 100'000; first += 10) {
    Follow(first, 10);
    if (fetched_.empty()) continue;
    most = std::max(most, *fetched_.rbegin() - first);
  }
  const auto bound = static_cast<std::int64_t>(options_.max_window_bytes) / kEntryBytes;
  EXPECT_GT(most, bound / 2);
  EXPECT_LE(most, bound + 20);
}

TEST_F(ReadAheadTest, NoPieceIsLargerThanItsBound) {
  const auto bound = static_cast<std::int64_t>(options_.max_piece_bytes) / kEntryBytes;
  for (std::int64_t first = 0; first < 100'000; first += 100) {
    for (const auto& range : Read(first, 100)) EXPECT_LE(range.end - range.first, bound);
  }
}

// A client that spreads its requests over three bookies comes to this one with each third.
TEST_F(ReadAheadTest, AReaderOfEachThirdRequestIsFollowed) {
  for (std::int64_t first = 0; first < 50'000; first += 300) {
    if (first >= 900) {
      for (std::int64_t id = first; id < first + 100; ++id) {
        ASSERT_TRUE(fetched_.contains(id)) << id;
      }
    }
    Follow(first, 100);
  }
  EXPECT_FALSE(fetched_.contains(10'100)) << "what it does not ask us for is not fetched";
}

// E > Qw: of a batch this bookie has each third entry, so batches begin and end unevenly.
TEST_F(ReadAheadTest, AStripedReaderIsFollowed) {
  for (std::int64_t batch = 0; batch < 100; ++batch) {
    std::int64_t first = batch * 1024;
    while (first % 3 != 0) ++first;
    std::int64_t end = (batch + 1) * 1024;
    while ((end - 1) % 3 != 0) --end;
    const auto ranges = read_ahead_.Observe(
        {.ledger = LedgerId(1), .first = EntryId(first), .end = EntryId(end)}, 342 * 1000);
    if (batch >= 2) {
      EXPECT_TRUE(fetched_.contains(first)) << batch;
      EXPECT_TRUE(fetched_.contains(end - 1)) << batch;
    }
    for (const auto& range : ranges) {
      for (EntryId id = range.first; id < range.end; ++id) fetched_.insert(id.value());
    }
  }
}

// Small entries with gaps between them are a range each: what is not told is not taken as fetched.
TEST_F(ReadAheadTest, SingleEntriesWithGapsAreToldAFewAtATime) {
  for (std::int64_t id = 0; id < 100'000; id += 16) {
    if (id >= 48) ASSERT_TRUE(fetched_.contains(id)) << id;
    ASSERT_LE(Follow(id, 1), ReadAhead::kMaxRanges) << id;
  }
}

TEST_F(ReadAheadTest, RandomReadersCauseNothing) {
  std::uint64_t state = 88172645463325252ULL;
  std::size_t fetches = 0;
  for (int i = 0; i < 10'000; ++i) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    fetches += Read(static_cast<std::int64_t>(state % 1'000'000), 1).size();
  }
  EXPECT_LT(fetches, 5U);
}

TEST_F(ReadAheadTest, ReadersOfOneLedgerAreToldApart) {
  for (std::int64_t at = 0; at < 10'000; at += 100) {
    const std::size_t low = Follow(at, 100);
    const std::size_t high = Follow(500'000 + at, 100);
    if (at < 200) continue;
    EXPECT_TRUE(fetched_.contains(at)) << low;
    EXPECT_TRUE(fetched_.contains(500'000 + at)) << high;
  }
}

TEST_F(ReadAheadTest, ASecondReaderAtTheSamePlaceFetchesNothingTwice) {
  for (std::int64_t at = 0; at < 10'000; at += 100) {
    Follow(at, 100);
    Follow(at, 100);
  }
  EXPECT_THAT(fetched_, Not(IsEmpty()));
}

TEST_F(ReadAheadTest, WhatWasFetchedInVainMakesItRest) {
  for (std::int64_t at = 0; at < 300; at += 100) Follow(at, 100);
  ASSERT_THAT(fetched_, Not(IsEmpty()));
  read_ahead_.Wasted(LedgerId(1));
  std::size_t fetches = 0;
  std::int64_t at = 300;
  for (int i = 0; i < 16; ++i, at += 100) fetches += Read(at, 100).size();
  EXPECT_EQ(fetches, 0U);
  for (int i = 0; i < 4; ++i, at += 100) fetches += Read(at, 100).size();
  EXPECT_GT(fetches, 0U) << "and then it tries again";
}

TEST_F(ReadAheadTest, AReaderThatJumpsStartsAnew) {
  for (std::int64_t at = 0; at < 500; at += 100) Follow(at, 100);
  EXPECT_THAT(Read(800'000, 100), IsEmpty());
  EXPECT_THAT(Read(800'100, 100), Not(IsEmpty()));
}

TEST_F(ReadAheadTest, ForgottenAndManyLedgersLeaveNoTrace) {
  Read(0, 100);
  read_ahead_.Forget(LedgerId(1));
  EXPECT_THAT(Read(100, 100), IsEmpty());
  for (std::int64_t ledger = 2; ledger < 2000; ++ledger) Read(0, 100, ledger);
  EXPECT_THAT(Read(200, 100), IsEmpty()) << "too many others came between";
}

TEST_F(ReadAheadTest, SenselessIdsAreIgnored) {
  const EntryId huge(INT64_MAX - 1);
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(
        read_ahead_.Observe({.ledger = LedgerId(1), .first = EntryId(i), .end = huge}, 1000),
        IsEmpty());
    EXPECT_THAT(read_ahead_.Observe(
                    {.ledger = LedgerId(1), .first = huge - 10 + i, .end = huge - 9 + i}, 1),
                IsEmpty());
  }
}

}  // namespace
}  // namespace quire::bookie
