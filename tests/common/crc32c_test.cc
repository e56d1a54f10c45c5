#include "common/crc32c.h"

#include <gtest/gtest.h>

#include <string>

namespace quire::common {
namespace {

// The vectors of RFC 3720, appendix B.4, and the check value of the algorithm.
TEST(Crc32cTest, AgreesWithTheKnownVectors) {
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283U);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aaU);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43U);
  std::string rising;
  for (int i = 0; i < 32; ++i) rising.push_back(static_cast<char>(i));
  EXPECT_EQ(Crc32c(rising), 0x46dd794eU);
  EXPECT_EQ(Crc32c(std::string(rising.rbegin(), rising.rend())), 0x113fdb5cU);
}

TEST(Crc32cTest, OfNothingIsZero) {
  EXPECT_EQ(Crc32c(""), 0U);
}

TEST(Crc32cTest, ContinuesOverAnyCut) {
  std::string bytes;
  for (int i = 0; i < 5000; ++i) bytes.push_back(static_cast<char>(i * 7 + i / 256));
  const std::uint32_t whole = Crc32c(bytes);
  const std::string_view view = bytes;
  for (std::size_t cut = 0; cut <= bytes.size(); cut += 37) {
    EXPECT_EQ(Crc32c(view.substr(cut), Crc32c(view.substr(0, cut))), whole) << cut;
  }
}

TEST(Crc32cTest, SeesEverySingleBit) {
  std::string bytes(64, 'b');
  const std::uint32_t crc = Crc32c(bytes);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_NE(Crc32c(bytes), crc);
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
  }
}

}  // namespace
}  // namespace quire::common
