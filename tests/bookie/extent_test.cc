#include "bookie/extent.h"

#include <gtest/gtest.h>

#include <limits>

namespace quire::bookie {
namespace {

using protocol::EntryId;

Extent Sample() {
  Extent extent(77, 123'456);
  extent.Append({EntryId(10), 100});
  extent.Append({EntryId(11), 200});
  extent.Append({EntryId(20), 36});
  return extent;
}

TEST(ExtentTest, FindsWhereARecordLies) {
  const Extent extent = Sample();
  EXPECT_EQ(extent.Find(EntryId(10)), (EntryLocation{77, 123'456, 100}));
  EXPECT_EQ(extent.Find(EntryId(11)), (EntryLocation{77, 123'456 + 108, 200}));
  EXPECT_EQ(extent.Find(EntryId(20)), (EntryLocation{77, 123'456 + 316, 36}));
  for (const int id : {9, 12, 19, 21}) EXPECT_FALSE(extent.Find(EntryId(id)));
  EXPECT_EQ(extent.bytes(), 360U);
}

TEST(ExtentTest, DecodesWhatItEncoded) {
  Extent extent(std::numeric_limits<std::uint64_t>::max(), 1ULL << 40);
  for (std::size_t i = 0; i < Extent::kMaxEntries; ++i) {
    extent.Append({EntryId(static_cast<std::int64_t>(i * i * 1'000'000'000'000)), 36 + 4096});
  }
  extent = *Extent::Decode(extent.first(), extent.Encode());
  EXPECT_EQ(extent.segment(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(extent.offset(), 1ULL << 40);
  ASSERT_EQ(extent.entries().size(), Extent::kMaxEntries);
  EXPECT_EQ(extent.last(), EntryId(255LL * 255 * 1'000'000'000'000));
  const Extent last = [] {
    Extent one(1, 4096);
    one.Append({EntryId(std::numeric_limits<std::int64_t>::max()), 36});
    return one;
  }();
  EXPECT_TRUE(Extent::Decode(last.first(), last.Encode()));
}

TEST(ExtentTest, RefusesBytesThatMakeNoSense) {
  const std::string good = Sample().Encode();
  ASSERT_TRUE(Extent::Decode(EntryId(10), good));
  for (std::size_t length = 0; length < good.size(); ++length) {
    EXPECT_FALSE(Extent::Decode(EntryId(10), good.substr(0, length))) << length;
  }
  EXPECT_FALSE(Extent::Decode(EntryId(10), good + '\0'));
  EXPECT_FALSE(Extent::Decode(EntryId(-1), good));
  // The ids that follow would be above the highest there is.
  EXPECT_FALSE(Extent::Decode(EntryId(std::numeric_limits<std::int64_t>::max() - 5), good));
  Extent inside_header(1, 8);
  inside_header.Append({EntryId(1), 100});
  EXPECT_FALSE(Extent::Decode(EntryId(1), inside_header.Encode()));
  Extent too_short(1, 4096);
  too_short.Append({EntryId(1), 35});
  EXPECT_FALSE(Extent::Decode(EntryId(1), too_short.Encode()));
}

}  // namespace
}  // namespace quire::bookie
