#include "bookie/extent_merge.h"

#include <gtest/gtest.h>

#include <iterator>
#include <map>
#include <set>
#include <string>

#include "common/random.h"

namespace quire::bookie {
namespace {

using protocol::EntryId;

// The extents of one ledger, kept as the index keeps them.
class Ledger {
 public:
  // Puts a new segment with these ids; gives the bytes that are garbage now in older ones.
  std::uint64_t Put(SegmentId segment, const std::set<std::int64_t>& ids) {
    std::vector<PlacedEntry> placed;
    std::uint64_t offset = kSegmentHeaderBytes;
    for (const std::int64_t id : ids) {
      const auto length = static_cast<std::uint32_t>(36 + id % 50);
      placed.push_back({EntryId(id), offset, length});
      offset += kRecordHeaderBytes + length;
    }
    ExtentMerge merge(segment, placed);
    auto it = extents_.upper_bound(placed.front().id);
    if (it != extents_.begin()) --it;
    std::uint64_t replaced_bytes = 0;
    while (it != extents_.end() && !merge.done()) {
      const auto cut = merge.Pass(it->second);
      replaced_bytes += cut.value_or(0);
      it = cut ? extents_.erase(it) : std::next(it);
    }
    for (const Extent& extent : merge.Finish()) {
      EXPECT_TRUE(extents_.emplace(extent.first(), extent).second);
    }
    return replaced_bytes;
  }

  std::optional<EntryLocation> Find(std::int64_t id) const {
    auto it = extents_.upper_bound(EntryId(id));
    if (it == extents_.begin()) return std::nullopt;
    return std::prev(it)->second.Find(EntryId(id));
  }

  std::string Shape() const {
    std::string shape;
    for (const auto& [first, extent] : extents_) {
      shape += std::to_string(extent.segment()) + ":";
      for (const auto& entry : extent.entries()) shape += " " + std::to_string(entry.id.value());
      shape += "; ";
    }
    return shape;
  }

  void CheckRangesAreDisjoint() const {
    for (auto it = extents_.begin(); it != extents_.end() && std::next(it) != extents_.end();
         ++it) {
      ASSERT_LT(it->second.last(), std::next(it)->second.first());
    }
  }

 private:
  std::map<EntryId, Extent> extents_;
};

TEST(ExtentMergeTest, AppendsWithoutTouchingOldExtents) {
  Ledger ledger;
  ledger.Put(1, {0, 1, 3});
  ledger.Put(2, {4, 6});
  EXPECT_EQ(ledger.Shape(), "1: 0 1 3; 2: 4 6; ");
}

TEST(ExtentMergeTest, SplitsLongRuns) {
  Ledger ledger;
  std::set<std::int64_t> ids;
  for (int id = 0; id < 600; ++id) ids.insert(id);
  ledger.Put(1, ids);
  for (int id = 0; id < 600; ++id) ASSERT_TRUE(ledger.Find(id)) << id;
}

TEST(ExtentMergeTest, CutsAnOldExtentAroundNewIds) {
  Ledger ledger;
  ledger.Put(1, {10, 12, 14, 20});
  ledger.Put(2, {5, 13, 25});
  EXPECT_EQ(ledger.Shape(), "2: 5; 1: 10 12; 2: 13; 1: 14 20; 2: 25; ");
  ledger.Put(3, {0, 7, 30});  // between and around, inside none
  EXPECT_EQ(ledger.Shape(), "3: 0; 2: 5; 3: 7; 1: 10 12; 2: 13; 1: 14 20; 2: 25; 3: 30; ");
}

TEST(ExtentMergeTest, OfTwoCopiesTheNewOneCounts) {
  Ledger ledger;
  EXPECT_EQ(ledger.Put(1, {1, 2, 3}), 0U);
  EXPECT_EQ(ledger.Put(2, {2, 4}), kRecordHeaderBytes + 36 + 2);
  EXPECT_EQ(ledger.Shape(), "1: 1; 2: 2; 1: 3; 2: 4; ");
  EXPECT_EQ(ledger.Put(3, {4}), kRecordHeaderBytes + 36 + 4);
  EXPECT_EQ(ledger.Shape(), "1: 1; 2: 2; 1: 3; 3: 4; ");
  EXPECT_EQ(ledger.Put(4, {0, 1, 2, 3, 4}), 4 * (kRecordHeaderBytes + 36) + 1 + 2 + 3 + 4);
  for (const int id : {0, 1, 2, 3, 4}) EXPECT_EQ(ledger.Find(id)->segment, 4U);
}

TEST(ExtentMergeTest, AgreesWithAMapInRandomOrder) {
  for (int seed = 0; seed < 200; ++seed) {
    common::Random random(static_cast<std::uint64_t>(seed));
    Ledger ledger;
    std::map<std::int64_t, SegmentId> model;
    const std::uint64_t span = 20 + common::Below(random, 2000);
    for (SegmentId segment = 1; segment <= 12; ++segment) {
      std::set<std::int64_t> ids;
      const std::uint64_t base = common::Below(random, span);
      const std::uint64_t width = 1 + common::Below(random, span);
      const std::uint64_t count = 1 + common::Below(random, 400);
      for (std::uint64_t i = 0; i < count; ++i) {
        ids.insert(static_cast<std::int64_t>(base + common::Below(random, width)));
      }
      std::uint64_t replaced_bytes = 0;
      for (const std::int64_t id : ids) {
        const bool known = !model.insert_or_assign(id, segment).second;
        if (known) replaced_bytes += kRecordHeaderBytes + 36 + static_cast<std::uint64_t>(id % 50);
      }
      ASSERT_EQ(ledger.Put(segment, ids), replaced_bytes);
      ledger.CheckRangesAreDisjoint();
    }
    for (std::int64_t id = 0; id < static_cast<std::int64_t>(2 * span); ++id) {
      const auto found = ledger.Find(id);
      const auto expected = model.find(id);
      ASSERT_EQ(found.has_value(), expected != model.end()) << "seed " << seed << " id " << id;
      if (found) ASSERT_EQ(found->segment, expected->second) << "seed " << seed << " id " << id;
    }
  }
}

}  // namespace
}  // namespace quire::bookie
