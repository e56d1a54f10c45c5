#include "rpc/frame_codec.h"

#include <Bookie.h>
#include <gtest/gtest.h>
#include <thrift/TApplicationException.h>

#include "tests/rpc/generated_codec.h"

namespace quire::rpc {
namespace {

using namespace std::string_literals;

TEST(FrameCodecTest, FindsTheFirstOfManyFramesAndSaysHowMuchIsMissing) {
  const std::string input = "\0\0\0\x03"s + "abc" + "\0\0\0\0"s;
  for (std::size_t size = 0; size < 7; ++size) {
    const FrameView view = FirstFrame(std::string_view(input).substr(0, size));
    EXPECT_EQ(view.state, FrameState::kIncomplete);
    EXPECT_EQ(view.need_bytes, size < 4 ? 4U : 7U);
  }
  const FrameView first = FirstFrame(input);
  EXPECT_EQ(first.state, FrameState::kComplete);
  EXPECT_EQ(first.frame, "abc");
  EXPECT_EQ(first.need_bytes, 7U);
  EXPECT_EQ(FirstFrame(std::string_view(input).substr(7)).state, FrameState::kComplete);
}

TEST(FrameCodecTest, RefusesALengthAboveTheCapBeforeAnyBodyCame) {
  std::string header;
  common::AppendBig(header, static_cast<std::uint32_t>(protocol::kMaxFrameBytes));
  EXPECT_EQ(FirstFrame(header).state, FrameState::kIncomplete);
  common::StoreBig(header.data(), static_cast<std::uint32_t>(protocol::kMaxFrameBytes + 1));
  EXPECT_EQ(FirstFrame(header).state, FrameState::kTooLarge);
  EXPECT_EQ(FirstFrame("\xff\xff\xff\xff").state, FrameState::kTooLarge);
}

TEST(FrameCodecTest, DoesNotSealAFrameAboveTheCap) {
  std::string out = "before";
  const std::size_t begin = BeginFrame(out, MessageType::kReply, "read", 1);
  out.resize(begin + kFrameHeaderBytes + protocol::kMaxFrameBytes);
  EXPECT_TRUE(SealFrame(out, begin));
  out.push_back('x');
  EXPECT_FALSE(SealFrame(out, begin));
  EXPECT_EQ(out, "before");
}

TEST(FrameCodecTest, RefusesMessagesThatAreNotStrictBinaryOnes) {
  std::string frame;
  const std::size_t begin = BeginFrame(frame, MessageType::kCall, "status", 5);
  AppendStop(frame);
  SealFrame(frame, begin);
  const std::string good = frame.substr(kFrameHeaderBytes);
  Message message;
  ASSERT_TRUE(ParseMessage(good, message));
  EXPECT_EQ(message.name, "status");
  EXPECT_EQ(message.seqid, 5);
  EXPECT_EQ(message.body, "\0"s);
  for (std::size_t size = 0; size + 1 < good.size(); ++size) {
    EXPECT_FALSE(ParseMessage(std::string_view(good).substr(0, size), message)) << size;
  }
  for (const auto& [at, byte] :
       {std::pair{0, '\0'}, {1, '\2'}, {2, '\1'}, {3, '\0'}, {3, '\4'}, {4, '\1'}}) {
    std::string bad = good;
    bad[at] = byte;
    EXPECT_FALSE(ParseMessage(bad, message)) << at;
  }
  EXPECT_FALSE(ParseMessage("GET / HTTP/1.1\r\n\r\n", message));
}

TEST(FrameCodecTest, ThriftReadsOurUnknownMethodReply) {
  std::string out;
  AppendUnknownMethod(out, "frobnicate", 12);
  Message message;
  ASSERT_TRUE(ParseMessage(FirstFrame(out).frame, message));
  EXPECT_EQ(message.type, MessageType::kException);
  EXPECT_EQ(message.name, "frobnicate");
  EXPECT_EQ(message.seqid, 12);
  apache::thrift::TApplicationException exception;
  testing::ReadGenerated(message.body, exception);
  EXPECT_EQ(exception.getType(), apache::thrift::TApplicationException::UNKNOWN_METHOD);
}

TEST(WireReaderTest, FailsOnNestingThatIsTooDeep) {
  for (const int depth : {kMaxWireDepth, kMaxWireDepth + 1, 100'000}) {
    std::string bytes;
    for (int i = 1; i < depth; ++i) AppendField(bytes, WireType::kStruct, 1);
    bytes.append(depth, '\0');
    WireReader reader(bytes);
    reader.Skip(WireType::kStruct);
    EXPECT_EQ(reader.ok(), depth <= kMaxWireDepth) << depth;
  }
}

TEST(WireReaderTest, ChecksSizesBeforeItUsesThem) {
  const std::string huge_list = "\x0c\x20\x00\x00\x01"s;  // 536870913 structs
  WireReader list(huge_list);
  EXPECT_EQ(list.List(WireType::kStruct, 1), 0U);
  EXPECT_FALSE(list.ok());
  const std::string huge_binary =
      "\x7f\xff\xff\xff"
      "abc"s;
  WireReader binary(huge_binary);
  EXPECT_EQ(binary.Binary(), "");
  EXPECT_FALSE(binary.ok());
  const std::string other_type = "\x0b\0\0\0\x01\0\0\0\0"s;
  WireReader mistyped(other_type);
  EXPECT_EQ(mistyped.List(WireType::kStruct, 1), 0U);
  EXPECT_FALSE(mistyped.ok());
  const std::string void_list = "\x01\0\0\x01\0"s;
  WireReader voids(void_list);
  voids.Skip(WireType::kList);
  EXPECT_FALSE(voids.ok());
}

}  // namespace
}  // namespace quire::rpc
