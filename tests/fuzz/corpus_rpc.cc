#include <array>
#include <string>
#include <vector>

#include "protocol/entry.h"
#include "rpc/add_codec.h"
#include "rpc/frame_codec.h"
#include "rpc/message_codec.h"
#include "tests/fuzz/corpus.h"
#include "tests/rpc/sample_messages.h"

namespace quire::fuzz {
namespace {

using namespace rpc::testing;
using protocol::Code;
using rpc::AppendBinary;
using rpc::AppendField;
using rpc::AppendStop;
using rpc::WireType;

std::string MessageOf(const std::string& frame) {
  return frame.substr(rpc::kFrameHeaderBytes);
}
std::string BodyOf(const std::string& frame) {
  rpc::Message message;
  rpc::ParseMessage(rpc::FirstFrame(frame).frame, message);
  return std::string(message.body);
}

template <typename Request>
std::string Call(const Request& request) {
  std::string frame;
  rpc::AppendCall(frame, 1, request);
  return frame;
}
template <typename Reply>
std::string Answer(const Reply& reply) {
  std::string frame;
  rpc::AppendReply(frame, 1, reply);
  return frame;
}

std::string AddFrameOf(int entries) {
  rpc::AddFrame frame({}, 7, kBookie, 5000);
  for (int i = 0; i < entries; ++i) {
    std::string entry;
    protocol::EncodeEntry(
        {protocol::LedgerId(1), protocol::EntryId(i), protocol::EntryId(i - 1), i}, "x", entry);
    frame.Append({.entry = entry, .key = kKey, .recovery = i % 2 == 1});
  }
  return std::move(frame).Seal();
}

std::string AddReplyOf(const std::vector<Code>& codes) {
  std::string frame;
  rpc::AppendAddReply(frame, 7, codes);
  return frame;
}

// Fields in another order, and some that no IDL has: another implementation may send that.
std::string UnusualAdd() {
  std::string body;
  AppendField(body, WireType::kMap, 9);
  body += {static_cast<char>(WireType::kBinary), static_cast<char>(WireType::kSet)};
  common::AppendBig(body, std::uint32_t{1});
  AppendBinary(body, "a");
  body += static_cast<char>(WireType::kI64);
  common::AppendBig(body, std::uint32_t{1});
  common::AppendBig(body, std::int64_t{1});
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
  return body;
}

void AddCodecSeeds(Corpus& corpus) {
  const std::string call(1, '\0');
  const std::string reply(1, '\1');
  corpus.Add("rpc_add", "call-one", call + BodyOf(AddFrameOf(1)));
  corpus.Add("rpc_add", "call-many", call + BodyOf(AddFrameOf(5)));
  corpus.Add("rpc_add", "call-unusual", call + UnusualAdd());
  corpus.Add("rpc_add", "call-none", call + std::string(1, '\0'));
  std::string wrong_key = BodyOf(AddFrameOf(1));
  wrong_key.erase(wrong_key.rfind(protocol::ToBytes(kKey)), 16);
  corpus.Add("rpc_add", "call-cut", call + wrong_key);
  corpus.Add("rpc_add", "reply-one", reply + BodyOf(AddReplyOf({Code::kOk})));
  corpus.Add("rpc_add", "reply-many",
             reply + BodyOf(AddReplyOf({Code::kOk, Code::kFenced, Code::kBusy, Code::kExpired})));
  corpus.Add("rpc_add", "reply-none", reply + BodyOf(AddReplyOf({})));
}

void AddFrameSeeds(Corpus& corpus) {
  const std::string stream = AddFrameOf(2) + Call(SampleReadRequest()) +
                             Answer(SampleStatusReply()) + AddReplyOf({Code::kOk});
  corpus.Add("rpc_frame", "whole", '\xff' + stream);
  corpus.Add("rpc_frame", "byte-by-byte", '\0' + stream);
  corpus.Add("rpc_frame", "cut", '\x10' + stream.substr(0, stream.size() - 3));
  std::string unknown;
  rpc::AppendUnknownMethod(unknown, "no_such_method", 3);
  corpus.Add("rpc_frame", "exception", '\x07' + unknown);
  std::string large;
  common::AppendBig(large, static_cast<std::uint32_t>(protocol::kMaxFrameBytes + 1));
  corpus.Add("rpc_frame", "too-large", '\x03' + AddReplyOf({}) + large);
}

}  // namespace

void AddRpcSeeds(Corpus& corpus) {
  AddCodecSeeds(corpus);
  AddFrameSeeds(corpus);
  corpus.Add("rpc_call", "read", MessageOf(Call(SampleReadRequest())));
  auto plain_read = SampleReadRequest();
  plain_read.fence = false;
  corpus.Add("rpc_call", "read-unfenced", MessageOf(Call(plain_read)));
  corpus.Add("rpc_call", "lac", MessageOf(Call(SampleLacRequest())));
  auto plain_lac = SampleLacRequest();
  plain_lac.fence = false;
  corpus.Add("rpc_call", "lac-unfenced", MessageOf(Call(plain_lac)));
  corpus.Add("rpc_call", "write-lac", MessageOf(Call(SampleWriteLacRequest())));
  corpus.Add("rpc_call", "list-entries", MessageOf(Call(SampleListEntriesRequest())));
  corpus.Add("rpc_call", "status", MessageOf(Call(SampleStatusRequest())));

  corpus.Add("rpc_reply", "read", MessageOf(Answer(SampleReadReply())));
  corpus.Add("rpc_reply", "read-refused",
             MessageOf(Answer(protocol::ReadReply{.code = Code::kNoLedger, .answers = {}})));
  corpus.Add("rpc_reply", "lac", MessageOf(Answer(SampleLacReply())));
  corpus.Add("rpc_reply", "write-lac", MessageOf(Answer(SampleWriteLacReply())));
  corpus.Add("rpc_reply", "list-entries", MessageOf(Answer(SampleListEntriesReply())));
  corpus.Add("rpc_reply", "status", MessageOf(Answer(SampleStatusReply())));
}

}  // namespace quire::fuzz
