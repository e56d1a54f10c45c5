#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/limits.h"
#include "rpc/wire_reader.h"

namespace quire::rpc {

// A frame is a 4-byte big-endian length and one message of the strict Thrift binary protocol:
//
//   0x8001 u16 | 0 u8 | type u8 | name size u32, name | sequence id i32 | body, a struct
inline constexpr std::size_t kFrameHeaderBytes = 4;
inline constexpr std::size_t kFrameMost = kFrameHeaderBytes + protocol::kMaxFrameBytes;

enum class MessageType : std::uint8_t { kCall = 1, kReply = 2, kException = 3 };

struct Message {
  MessageType type = MessageType::kCall;
  std::string_view name;
  std::int32_t seqid = 0;
  std::string_view body;
};

// Begins a frame at the end of `out` and returns where; the body is appended next.
std::size_t BeginFrame(std::string& out, MessageType type, std::string_view name,
                       std::int32_t seqid);

// Fills in the length of the frame that began at `begin` and ends where `out` does. False, and
// `out` as it was before the frame, when the frame is larger than protocol::kMaxFrameBytes.
bool SealFrame(std::string& out, std::size_t begin);

// What the first bytes of a connection's input hold.
enum class FrameState { kIncomplete, kComplete, kTooLarge };
struct FrameView {
  FrameState state = FrameState::kIncomplete;
  std::string_view frame;      // without its length, when complete
  std::size_t need_bytes = 0;  // of input, for the frame to be complete, as far as it is known
};
FrameView FirstFrame(std::string_view input);

// False when the frame is no message of the kind above.
bool ParseMessage(std::string_view frame, Message& message);

// Appends a whole frame that says that the server does not know the method.
void AppendUnknownMethod(std::string& out, std::string_view name, std::int32_t seqid);

// Raw pieces of the binary protocol, for the codecs that write by hand.
inline void AppendField(std::string& out, WireType type, std::int16_t id) {
  out.push_back(static_cast<char>(type));
  common::AppendBig(out, id);
}
inline void AppendStop(std::string& out) {
  out.push_back('\0');
}
inline void AppendBinary(std::string& out, std::string_view bytes) {
  common::AppendBig(out, static_cast<std::uint32_t>(bytes.size()));
  out.append(bytes);
}

}  // namespace quire::rpc
