#include "common/hex_digits.h"

#include <gtest/gtest.h>

namespace quire::common {
namespace {

TEST(HexDigitsTest, HasOneSpellingForEachNumber) {
  EXPECT_EQ(HexDigits(0), "0000000000000000");
  EXPECT_EQ(HexDigits(0x2a), "000000000000002a");
  EXPECT_EQ(HexDigits(~std::uint64_t{0}), "ffffffffffffffff");
  for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{0x2a}, ~std::uint64_t{0}}) {
    EXPECT_EQ(ParseHexDigits(HexDigits(number)), number);
  }
  for (const char* other :
       {"", "2a", "000000000000002A", "000000000000002g", "0000000000000002a", "000000000000002",
        "-00000000000002a", "+00000000000002a", " 00000000000002a", "0x0000000000002a"}) {
    EXPECT_FALSE(ParseHexDigits(other)) << other;
  }
}

}  // namespace
}  // namespace quire::common
