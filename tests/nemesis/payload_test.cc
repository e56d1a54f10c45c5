#include "tests/nemesis/payload.h"

#include <gtest/gtest.h>

namespace quire::nemesis {
namespace {

TEST(Payload, HasItsSizeAndTellsItsMark) {
  common::Random random(7);
  const std::string payload = MakePayload("w1.0", 42, 100, random);
  EXPECT_EQ(payload.size(), 100U);
  EXPECT_EQ(MarkOf(payload), "w1.0/42");
}

TEST(Payload, OfASmallSizeIsTheMarkAlone) {
  common::Random random(7);
  EXPECT_EQ(MakePayload("w1.0", 42, 0, random), "w1.0/42;");
}

TEST(Payload, OfAStrangerHasNoMark) {
  EXPECT_EQ(MarkOf(""), "");
  EXPECT_EQ(MarkOf("no end"), "");
  EXPECT_EQ(MarkOf("W1/3;"), "");
  EXPECT_EQ(MarkOf("plain;"), "");
  EXPECT_EQ(MarkOf(std::string(100, 'a') + "/1;"), "");
}

TEST(Payload, CrcIsThatOfZlib) {
  EXPECT_EQ(Crc32(""), 0U);
  EXPECT_EQ(Crc32("123456789"), 0xcbf43926U);  // the check value of CRC-32/ISO-HDLC
}

}  // namespace
}  // namespace quire::nemesis
