#include "common/bytes.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace quire::common {
namespace {

TEST(BytesTest, IntegersAreBigEndian) {
  std::string out;
  AppendBig<std::uint8_t>(out, 0x01);
  AppendBig<std::uint16_t>(out, 0x0203);
  AppendBig<std::uint32_t>(out, 0x04050607);
  AppendBig<std::uint64_t>(out, 0x08090a0b0c0d0e0f);
  std::string rising;
  for (char c = 1; c <= 15; ++c) rising.push_back(c);
  EXPECT_EQ(out, rising);
  EXPECT_EQ(LoadBig<std::uint32_t>(out.data() + 3), 0x04050607U);
  char buffer[8];
  StoreBig(buffer, std::int64_t{-2});
  EXPECT_EQ(LoadBig<std::int64_t>(buffer), -2);
}

TEST(BytesTest, KeysSortByValue) {
  std::string small;
  std::string large;
  AppendBig<std::uint64_t>(small, 255);
  AppendBig<std::uint64_t>(large, 256);
  EXPECT_LT(small, large);
}

TEST(BytesTest, VarintsReadBack) {
  std::vector<std::uint64_t> values{0, 1, ~0ULL};
  for (unsigned bit = 1; bit < 64; ++bit) {
    values.push_back((1ULL << bit) - 1);
    values.push_back(1ULL << bit);
  }
  std::string out;
  for (const auto value : values) AppendVarint(out, value);
  ByteReader reader(out);
  for (const auto value : values) EXPECT_EQ(reader.Varint(), value);
  EXPECT_TRUE(reader.rest().empty());
  EXPECT_EQ(reader.Varint(), std::nullopt);
}

TEST(BytesTest, VarintsTakeSevenBitsAByte) {
  std::string out;
  AppendVarint(out, 127);
  EXPECT_EQ(out.size(), 1U);
  AppendVarint(out, 128);
  EXPECT_EQ(out, std::string("\x7f\x80\x01"));
}

TEST(BytesTest, VarintsThatRunOutOrOverAreRefused) {
  EXPECT_EQ(ByteReader("\x80").Varint(), std::nullopt);
  EXPECT_EQ(ByteReader(std::string(11, '\x80')).Varint(), std::nullopt);
  const std::string too_large = std::string(9, '\xff') + '\x02';
  EXPECT_EQ(ByteReader(too_large).Varint(), std::nullopt);
}

TEST(ByteReaderTest, NeverReadsBeyondTheEnd) {
  ByteReader reader("abcde");
  EXPECT_EQ(reader.Big<std::uint64_t>(), std::nullopt);
  EXPECT_EQ(reader.Bytes(6), std::nullopt);
  EXPECT_EQ(reader.Big<std::uint32_t>(), 0x61626364U);
  EXPECT_EQ(reader.Big<std::uint16_t>(), std::nullopt);
  EXPECT_EQ(reader.Bytes(0), "");
  EXPECT_EQ(reader.Bytes(1), "e");
  EXPECT_EQ(reader.Bytes(0), "");
  EXPECT_EQ(reader.Big<std::uint8_t>(), std::nullopt);
}

}  // namespace
}  // namespace quire::common
