#include "rpc/frame_codec.h"

namespace quire::rpc {
namespace {

constexpr std::uint32_t kStrictVersion = 0x80010000;
constexpr std::uint32_t kVersionMask = 0xffffff00;
// TApplicationException: 1: string message, 2: i32 type; 1 is "unknown method".
constexpr std::int32_t kUnknownMethod = 1;

}  // namespace

std::size_t BeginFrame(std::string& out, MessageType type, std::string_view name,
                       std::int32_t seqid) {
  const std::size_t begin = out.size();
  common::AppendBig(out, std::uint32_t{0});  // SealFrame() knows the length
  common::AppendBig(out, kStrictVersion | static_cast<std::uint32_t>(type));
  AppendBinary(out, name);
  common::AppendBig(out, seqid);
  return begin;
}

bool SealFrame(std::string& out, std::size_t begin) {
  const std::size_t bytes = out.size() - begin - kFrameHeaderBytes;
  if (bytes > protocol::kMaxFrameBytes) {
    out.resize(begin);
    return false;
  }
  common::StoreBig(out.data() + begin, static_cast<std::uint32_t>(bytes));
  return true;
}

FrameView FirstFrame(std::string_view input) {
  if (input.size() < kFrameHeaderBytes) return {FrameState::kIncomplete, {}, kFrameHeaderBytes};
  const std::size_t bytes = common::LoadBig<std::uint32_t>(&input.front());
  if (bytes > protocol::kMaxFrameBytes) return {FrameState::kTooLarge, {}, 0};
  const std::size_t need = kFrameHeaderBytes + bytes;
  if (input.size() < need) return {FrameState::kIncomplete, {}, need};
  return {FrameState::kComplete, input.substr(kFrameHeaderBytes, bytes), need};
}

bool ParseMessage(std::string_view frame, Message& message) {
  WireReader reader(frame);
  const auto version = static_cast<std::uint32_t>(reader.I32());
  const std::uint32_t type = version & ~kVersionMask;
  message.name = reader.Binary();
  message.seqid = reader.I32();
  message.body = reader.rest();
  if (type < static_cast<std::uint32_t>(MessageType::kCall) ||
      type > static_cast<std::uint32_t>(MessageType::kException)) {
    return false;
  }
  message.type = static_cast<MessageType>(type);
  return reader.ok() && (version & kVersionMask) == kStrictVersion;
}

void AppendUnknownMethod(std::string& out, std::string_view name, std::int32_t seqid) {
  constexpr std::size_t kNameShown = 64;
  const std::size_t begin =
      BeginFrame(out, MessageType::kException, name.substr(0, kNameShown), seqid);
  AppendField(out, WireType::kBinary, 1);
  AppendBinary(out, "unknown method");
  AppendField(out, WireType::kI32, 2);
  common::AppendBig(out, kUnknownMethod);
  AppendStop(out);
  SealFrame(out, begin);
}

}  // namespace quire::rpc
