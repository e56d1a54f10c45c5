#include "rpc/add_codec.h"

#include <Bookie.h>
#include <gtest/gtest.h>

#include "protocol/limits.h"
#include "rpc/frame_codec.h"
#include "tests/rpc/generated_codec.h"

namespace quire::rpc {
namespace {

using protocol::BookieId;
using protocol::Code;
using protocol::LedgerKey;
using testing::GeneratedFrame;
using testing::ReadGenerated;
namespace wire = protocol::wire;

constexpr BookieId kBookie{0x0102030405060708, 0x090a0b0c0d0e0f10};
constexpr LedgerKey kKey{0x1112131415161718, 0x191a1b1c1d1e1f20};

wire::AddRequest WireRequest(const std::vector<std::pair<std::string, bool>>& entries) {
  wire::AddRequest request;
  request.bookie = protocol::ToBytes(kBookie);
  request.deadline_ms = 5000;
  for (const auto& [bytes, recovery] : entries) {
    wire::Add& add = request.adds.emplace_back();
    add.entry = bytes;
    add.key = protocol::ToBytes(kKey);
    add.__set_recovery(recovery);
  }
  return request;
}

std::string GeneratedRequest(const wire::AddRequest& request, std::int32_t seqid) {
  wire::Bookie_add_pargs args;
  args.request = &request;
  return GeneratedFrame("add", apache::thrift::protocol::T_CALL, seqid, args);
}

Message Parse(std::string_view frame) {
  const FrameView view = FirstFrame(frame);
  EXPECT_EQ(view.state, FrameState::kComplete);
  EXPECT_EQ(view.need_bytes, frame.size());
  Message message;
  EXPECT_TRUE(ParseMessage(view.frame, message));
  return message;
}

TEST(AddCodecTest, WritesTheRequestThatTheGeneratedCodeWrites) {
  const std::vector<std::pair<std::string, bool>> entries = {
      {"first entry", false}, {"", true}, {std::string(100'000, 'x'), false}};
  AddFrame frame("dropped content", -7, kBookie, 5000);
  for (const auto& [bytes, recovery] : entries) {
    frame.Append({.entry = bytes, .key = kKey, .recovery = recovery});
  }
  EXPECT_EQ(frame.count(), 3U);
  EXPECT_EQ(std::move(frame).Seal(), GeneratedRequest(WireRequest(entries), -7));
}

TEST(AddCodecTest, ReadsTheRequestThatTheGeneratedCodeWrites) {
  const std::string frame = GeneratedRequest(WireRequest({{"one", false}, {"two", true}}), 42);
  const Message message = Parse(frame);
  EXPECT_EQ(message.type, MessageType::kCall);
  EXPECT_EQ(message.name, "add");
  EXPECT_EQ(message.seqid, 42);
  AddCall call;
  ASSERT_EQ(DecodeAddCall(message.body, call), Decoded::kOk);
  EXPECT_EQ(call.bookie, kBookie);
  EXPECT_EQ(call.deadline_ms, 5000);
  ASSERT_EQ(call.adds.size(), 2U);
  EXPECT_EQ(call.adds[0].entry, "one");
  EXPECT_EQ(call.adds[0].key, kKey);
  EXPECT_FALSE(call.adds[0].recovery);
  EXPECT_TRUE(call.adds[1].recovery);
  // A view into the frame, not a copy.
  EXPECT_GE(call.adds[1].entry.data(), frame.data());
  EXPECT_LT(call.adds[1].entry.data(), frame.data() + frame.size());
}

TEST(AddCodecTest, TheGeneratedCodeReadsTheRequest) {
  AddFrame frame({}, 1, kBookie, 9);
  frame.Append({.entry = "bytes", .key = kKey, .recovery = true});
  const std::string bytes = std::move(frame).Seal();
  wire::Bookie_add_args args;
  ReadGenerated(Parse(bytes).body, args);
  auto expected = WireRequest({{"bytes", true}});
  expected.deadline_ms = 9;
  EXPECT_TRUE(args.request == expected);
}

TEST(AddCodecTest, WritesTheReplyThatTheGeneratedCodeWritesAndReadsIt) {
  const std::vector<Code> codes = {Code::kOk, Code::kFenced, Code::kBusy};
  for (const std::int32_t retry_after_ms : {0, 70}) {
    wire::Bookie_add_result result;
    for (const Code code : codes) {
      result.success.codes.push_back(static_cast<wire::Code::type>(code));
    }
    if (retry_after_ms > 0) result.success.__set_retry_after_ms(retry_after_ms);
    result.__isset.success = true;
    const std::string generated =
        GeneratedFrame("add", apache::thrift::protocol::T_REPLY, 77, result);
    std::string written = "earlier reply";
    AppendAddReply(written, 77, codes, retry_after_ms);
    EXPECT_EQ(written, "earlier reply" + generated);
    std::vector<Code> read = {Code::kBusy};
    std::int32_t retry = -1;
    ASSERT_TRUE(DecodeAddReply(Parse(generated).body, read, &retry));
    EXPECT_EQ(read, codes);
    EXPECT_EQ(retry, retry_after_ms);
  }
}

TEST(AddCodecTest, NobodyCanMakeAClientStayAwayForLong) {
  for (const auto& [said, taken] : {std::pair(INT32_MAX, protocol::kMaxRetryAfterMs), {-5, 0}}) {
    wire::Bookie_add_result result;
    result.success.codes.push_back(wire::Code::BUSY);
    result.success.__set_retry_after_ms(said);
    result.__isset.success = true;
    std::vector<Code> codes;
    std::int32_t retry = -1;
    ASSERT_TRUE(DecodeAddReply(
        Parse(GeneratedFrame("add", apache::thrift::protocol::T_REPLY, 1, result)).body, codes,
        &retry));
    EXPECT_EQ(retry, taken);
  }
}

// Fields in any order, fields nobody knows, and recovery left out: what another implementation may
// send.
TEST(AddCodecTest, ReadsFieldsInAnyOrderAndSkipsUnknownOnes) {
  std::string body;
  AppendField(body, WireType::kMap, 9);  // unknown: {"a": [1]}
  body += std::string("\x0b\x0f", 2);
  common::AppendBig(body, std::uint32_t{1});
  AppendBinary(body, "a");
  body += static_cast<char>(WireType::kI32);
  common::AppendBig(body, std::uint32_t{1});
  common::AppendBig(body, std::int32_t{1});
  AppendField(body, WireType::kStruct, 1);
  AppendField(body, WireType::kList, 3);
  body += static_cast<char>(WireType::kStruct);
  common::AppendBig(body, std::uint32_t{1});
  AppendField(body, WireType::kBinary, 2);
  AppendBinary(body, protocol::ToBytes(kKey));
  AppendField(body, WireType::kDouble, 200);
  common::AppendBig(body, std::uint64_t{0});
  AppendField(body, WireType::kBinary, 1);
  AppendBinary(body, "entry");
  AppendStop(body);
  AppendField(body, WireType::kI32, 2);
  common::AppendBig(body, std::int32_t{3});
  AppendField(body, WireType::kBinary, 1);
  AppendBinary(body, protocol::ToBytes(kBookie));
  AppendStop(body);
  AppendStop(body);
  AddCall call;
  ASSERT_EQ(DecodeAddCall(body, call), Decoded::kOk);
  EXPECT_EQ(call.bookie, kBookie);
  EXPECT_EQ(call.deadline_ms, 3);
  ASSERT_EQ(call.adds.size(), 1U);
  EXPECT_EQ(call.adds[0].entry, "entry");
  EXPECT_FALSE(call.adds[0].recovery);
  EXPECT_EQ(DecodeAddCall(body + '\0', call), Decoded::kMalformed);  // trailing byte
}

TEST(AddCodecTest, TellsBrokenContractsFromMalformedBytes) {
  AddCall call;
  const auto decode = [&](const wire::AddRequest& request) {
    return DecodeAddCall(Parse(GeneratedRequest(request, 1)).body, call);
  };
  auto request = WireRequest({{"a", false}, {"b", false}});
  request.bookie = "short";
  EXPECT_EQ(decode(request), Decoded::kBadRequest);
  EXPECT_EQ(call.adds.size(), 2U);
  request = WireRequest({{"a", false}, {"b", false}});
  request.adds[0].key.pop_back();
  EXPECT_EQ(decode(request), Decoded::kBadRequest);
  request = WireRequest({});
  EXPECT_EQ(decode(request), Decoded::kBadRequest);
  request = WireRequest({{"a", false}});
  request.deadline_ms = -1;
  EXPECT_EQ(decode(request), Decoded::kBadRequest);
  request = WireRequest({{"a", false}});
  request.adds.resize(protocol::kMaxEntriesPerCall + 1, request.adds[0]);
  EXPECT_EQ(decode(request), Decoded::kBadRequest);
  EXPECT_EQ(call.adds.size(), protocol::kMaxEntriesPerCall + 1);
  request.adds.resize(kMaxWireElements + 1, request.adds[0]);
  EXPECT_EQ(decode(request), Decoded::kMalformed);
  EXPECT_EQ(DecodeAddCall(std::string(1, '\0'), call), Decoded::kMalformed);  // no request
}

// As the generated code does, of a reply that comes twice: both have to be whole.
TEST(AddCodecTest, RefusesAReplyWithoutCodesBeforeAWholeOne) {
  std::string good;
  AppendAddReply(good, 1, std::vector{Code::kOk});
  const std::string body(Parse(good).body);
  std::vector<Code> codes;
  ASSERT_TRUE(DecodeAddReply(body, codes));
  EXPECT_FALSE(DecodeAddReply(std::string("\x0c\0\0\0", 4) + body, codes));
}

TEST(AddCodecTest, TakesACodeItDoesNotKnowForUnknown) {
  EXPECT_EQ(CodeFromWire(0), Code::kOk);
  EXPECT_EQ(CodeFromWire(12), Code::kExpired);
  EXPECT_EQ(CodeFromWire(13), Code::kUnknown);
  EXPECT_EQ(CodeFromWire(-1), Code::kUnknown);
  EXPECT_EQ(CodeFromWire(100), Code::kUnknown);  // kTimeout is never sent
}

}  // namespace
}  // namespace quire::rpc
