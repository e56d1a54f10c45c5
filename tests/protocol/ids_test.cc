#include "protocol/ids.h"

#include <gtest/gtest.h>

#include <set>
#include <unordered_set>

#include "protocol/code.h"
#include "protocol/uuid.h"

namespace quire::protocol {
namespace {

TEST(StrongIdTest, CountsIn64Bits) {
  const EntryId large(INT64_C(1) << 40);
  EXPECT_EQ((large + 1).value(), (INT64_C(1) << 40) + 1);
  EXPECT_EQ(large + 5 - large, 5);
  EXPECT_EQ((large - 1).value(), (INT64_C(1) << 40) - 1);
  EXPECT_LT(kNoEntry, EntryId(0));
  EXPECT_EQ(kNoEntry + 1, EntryId(0));
  EntryId next(0);
  EXPECT_EQ(++next, EntryId(1));
}

TEST(StrongIdTest, SpreadsNeighboursOverTheTable) {
  std::unordered_set<std::size_t> low;
  for (std::int64_t i = 0; i < 64; ++i) low.insert(std::hash<LedgerId>{}(LedgerId(i)) >> 58);
  EXPECT_GT(low.size(), 32u);
}

TEST(UuidTest, RoundTripsAsTextAndAsBytes) {
  common::Random random(3);
  for (int i = 0; i < 100; ++i) {
    const auto id = BookieId::Make(random);
    EXPECT_EQ(ToHex(id).size(), 32u);
    EXPECT_EQ(ToBytes(id).size(), 16u);
    EXPECT_EQ(FromHex<BookieId>(ToHex(id)), id);
    EXPECT_EQ(FromBytes<BookieId>(ToBytes(id)), id);
  }
}

TEST(UuidTest, KeepsLeadingZeros) {
  const BookieId id{.high = 1, .low = 0xab};
  EXPECT_EQ(ToHex(id), "000000000000000100000000000000ab");
  EXPECT_EQ(FromHex<BookieId>(ToHex(id)), id);
  EXPECT_TRUE(BookieId{}.is_nil());
  EXPECT_FALSE(id.is_nil());
}

TEST(UuidTest, SortsAsItsTextDoes) {
  common::Random random(4);
  std::set<BookieId> ids;
  std::set<std::string> texts;
  for (int i = 0; i < 50; ++i) {
    const auto id = BookieId::Make(random);
    ids.insert(id);
    texts.insert(ToHex(id));
  }
  auto text = texts.begin();
  for (const BookieId& id : ids) EXPECT_EQ(ToHex(id), *text++);
}

TEST(UuidTest, RefusesWhatIsNotOne) {
  const std::string good(32, 'a');
  EXPECT_TRUE(FromHex<BookieId>(good));
  EXPECT_FALSE(FromHex<BookieId>(""));
  EXPECT_FALSE(FromHex<BookieId>(good.substr(1)));
  EXPECT_FALSE(FromHex<BookieId>(good + "a"));
  for (const std::size_t place : {0u, 15u, 16u, 31u}) {
    for (const char bad : {'g', ' ', '-', '+', 'x', '\0'}) {
      std::string text = good;
      text[place] = bad;
      EXPECT_FALSE(FromHex<BookieId>(text)) << place << " " << bad;
    }
  }
  EXPECT_FALSE(FromBytes<BookieId>(std::string(15, 'b')));
  EXPECT_FALSE(FromBytes<BookieId>(std::string(17, 'b')));
}

// T-15, T-16
TEST(CodeTest, OnlyCertainAnswersAreKnowledge) {
  for (int value = -1; value <= 110; ++value) {
    const auto code = static_cast<Code>(value);
    const bool negative = code == Code::kNoEntry || code == Code::kNoLedger;
    EXPECT_EQ(IsNegative(code), negative) << value;
    EXPECT_EQ(IsKnown(code), negative || code == Code::kOk) << value;
  }
}

TEST(CodeTest, EveryCodeHasItsOwnName) {
  std::set<std::string_view> names;
  int count = 0;
  for (int value = 0; value <= 110; ++value) {
    const auto name = CodeName(static_cast<Code>(value));
    if (name == "undefined code") continue;
    ++count;
    EXPECT_TRUE(names.insert(name).second) << name;
  }
  EXPECT_EQ(count, 15);
}

}  // namespace
}  // namespace quire::protocol
