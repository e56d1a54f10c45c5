#include "tools/floor_socket.h"

#include <gtest/gtest.h>

#include <array>

#include "tools/floor_stream.h"

namespace quire::tools {
namespace {

TEST(FloorSocketTest, CarriesBytesAndTellsTheEnd) {
  const auto listening = FloorSocket::Listen();
  ASSERT_TRUE(listening) << listening.error().ToString();
  auto here = FloorSocket::Connect(listening->port());
  ASSERT_TRUE(here) << here.error().ToString();
  auto there = listening->Accept();
  ASSERT_TRUE(there) << there.error().ToString();

  std::array<char, 16> bytes{};
  const auto nothing = there->ReceiveSome(bytes.data(), bytes.size());
  ASSERT_TRUE(nothing);
  EXPECT_FALSE(*nothing);  // nothing came, and nothing ended
  ASSERT_TRUE(here->Send("hello"));
  const auto got = there->Receive(bytes.data(), bytes.size());
  ASSERT_TRUE(got);
  EXPECT_EQ(std::string_view(bytes.data(), *got), "hello");

  here = common::Fail(common::Errc::kShutdown);
  const auto end = there->Receive(bytes.data(), bytes.size());
  ASSERT_TRUE(end);
  EXPECT_EQ(*end, 0U);
}

TEST(FloorStreamTest, AnyByteThatChangesIsSeen) {
  std::string stream;
  AppendFloorEntry(stream, 1, "payload");
  FloorHeader header;
  std::memcpy(&header, stream.data(), sizeof(header));
  ASSERT_EQ(header.size, 7U);
  EXPECT_EQ(header.crc, FloorCrc(header.id, std::string_view(stream).substr(sizeof(header))));
  EXPECT_NE(header.crc, FloorCrc(2, "payload"));
  EXPECT_NE(header.crc, FloorCrc(1, "paylaod"));
}

}  // namespace
}  // namespace quire::tools
