// The input of a connection: frames cut out of a stream that arrives in pieces, and the message in
// each. Input: a byte that says how the stream is cut into pieces, then the stream.

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "common/check.h"
#include "rpc/frame_codec.h"
#include "rpc/receive_buffer.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/input.h"

namespace quire::fuzz {
namespace {

using rpc::FirstFrame;
using rpc::FrameState;
using rpc::FrameView;
using rpc::Message;

// The frames that lie whole at the front, and the state behind them.
FrameState Cut(std::string_view stream, std::vector<std::string>& frames) {
  for (;;) {
    const FrameView view = FirstFrame(stream);
    if (view.state != FrameState::kComplete) {
      QUIRE_CHECK(view.state == FrameState::kTooLarge || view.need_bytes > stream.size());
      return view.state;
    }
    QUIRE_CHECK(view.frame.size() <= protocol::kMaxFrameBytes);
    frames.emplace_back(view.frame);
    stream.remove_prefix(view.need_bytes);
  }
}

// As a connection reads: what arrives goes into the buffer, whole frames are used up.
FrameState CutPieces(std::string_view stream, std::size_t piece, std::vector<std::string>& frames) {
  rpc::ReceiveBuffer buffer;
  const std::size_t all = stream.size();
  while (!stream.empty()) {
    const auto space = buffer.Space();
    QUIRE_CHECK(!space.empty());
    const std::size_t bytes = std::min({piece, space.size(), stream.size()});
    std::memcpy(space.data(), stream.data(), bytes);
    buffer.Filled(bytes);
    stream.remove_prefix(bytes);
    for (;;) {
      const FrameView view = FirstFrame(buffer.content());
      if (view.state == FrameState::kTooLarge) return view.state;
      if (view.state == FrameState::kIncomplete) break;
      frames.emplace_back(view.frame);
      buffer.Consume(view.need_bytes);
    }
    buffer.Settle();
    QUIRE_CHECK(buffer.need_bytes() <= rpc::kFrameMost + rpc::ReceiveBuffer::kScratchBytes);
  }
  // A peer costs what it sent, not what it announced.
  constexpr std::size_t kLeast = std::size_t{4} * 1024;
  QUIRE_CHECK(buffer.capacity() <= kLeast + 4 * all);
  return FrameState::kIncomplete;
}

// A message has one spelling.
void CheckMessage(const std::string& frame) {
  Message message;
  if (!rpc::ParseMessage(frame, message)) return;
  std::string again;
  const std::size_t begin = rpc::BeginFrame(again, message.type, message.name, message.seqid);
  again.append(message.body);
  QUIRE_CHECK(rpc::SealFrame(again, begin));
  QUIRE_CHECK(std::string_view(again).substr(rpc::kFrameHeaderBytes) == frame);

  std::string refusal;
  rpc::AppendUnknownMethod(refusal, message.name, message.seqid);
  Message refused;
  QUIRE_CHECK(rpc::ParseMessage(FirstFrame(refusal).frame, refused));
  QUIRE_CHECK(refused.type == rpc::MessageType::kException && refused.seqid == message.seqid);
  QUIRE_CHECK(message.name.starts_with(refused.name));
}

}  // namespace

void Run(std::string_view input) {
  Input in(input);
  const std::size_t piece = std::size_t{in.Byte()} + 1;
  std::vector<std::string> frames;
  std::vector<std::string> pieced;
  const FrameState end = Cut(in.rest(), frames);
  QUIRE_CHECK(CutPieces(in.rest(), piece, pieced) == end && pieced == frames);
  for (const std::string& frame : frames) CheckMessage(frame);
}

}  // namespace quire::fuzz
