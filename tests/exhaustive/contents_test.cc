#include "tests/exhaustive/contents.h"

#include <gtest/gtest.h>

namespace quire::exhaustive {
namespace {

std::string Encoded(std::int64_t entry, std::int64_t lac) {
  std::string bytes;
  protocol::EncodeEntry({.ledger = protocol::LedgerId(7),
                         .entry = protocol::EntryId(entry),
                         .lac = protocol::EntryId(lac),
                         .length = 3},
                        "abc", bytes);
  return bytes;
}

TEST(ContentsTest, EqualBytesHaveOneNumberAndOthersAnother) {
  Contents contents;
  const std::uint8_t first = contents.IdOf(Encoded(1, 0));
  EXPECT_NE(first, 0);
  EXPECT_EQ(contents.IdOf(Encoded(1, 0)), first);
  EXPECT_NE(contents.IdOf(Encoded(1, -1)), first);  // another header is another entry
  EXPECT_EQ(contents.size(), 2U);
  EXPECT_EQ(contents.Bytes(first), Encoded(1, 0));
  EXPECT_EQ(contents.Header(first).lac, protocol::EntryId(0));
}

}  // namespace
}  // namespace quire::exhaustive
