#include "common/aligned_buffer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace quire::common {
namespace {

bool Aligned(AlignedBuffer& buffer) {
  return reinterpret_cast<std::uintptr_t>(buffer.data()) % kDiskBlockBytes == 0;
}

TEST(AlignedBufferTest, KeepsContentAndAlignmentWhileItGrows) {
  AlignedBuffer buffer;
  std::string expected;
  for (int i = 0; i < 3000; ++i) {
    const std::string piece(static_cast<std::size_t>(i % 200), static_cast<char>('a' + i % 26));
    buffer.Append(piece);
    expected += piece;
  }
  EXPECT_EQ(buffer.view(), expected);
  EXPECT_TRUE(Aligned(buffer));
  EXPECT_GE(buffer.capacity(), buffer.size());
}

TEST(AlignedBufferTest, PadsWithZerosToABlock) {
  AlignedBuffer buffer;
  buffer.Pad();
  EXPECT_EQ(buffer.size(), 0U);
  buffer.Append("abc");
  buffer.Pad();
  EXPECT_EQ(buffer.view(), "abc" + std::string(kDiskBlockBytes - 3, '\0'));
  buffer.Pad();
  EXPECT_EQ(buffer.size(), kDiskBlockBytes);
}

TEST(AlignedBufferTest, ClearKeepsTheMemory) {
  AlignedBuffer buffer;
  buffer.Append(std::string(100'000, 'x'));
  const std::size_t capacity = buffer.capacity();
  const char* const memory = buffer.data();
  buffer.Clear();
  EXPECT_EQ(buffer.size(), 0U);
  buffer.Append("y");
  EXPECT_EQ(buffer.view(), "y");
  EXPECT_EQ(buffer.capacity(), capacity);
  EXPECT_EQ(buffer.data(), memory);
}

TEST(AlignedBufferTest, PadOverwritesWhatAnEarlierUseLeft) {
  AlignedBuffer buffer;
  buffer.Append(std::string(kDiskBlockBytes, 'x'));
  buffer.Clear();
  buffer.Append("y");
  buffer.Pad();
  EXPECT_EQ(buffer.view(), "y" + std::string(kDiskBlockBytes - 1, '\0'));
}

}  // namespace
}  // namespace quire::common
