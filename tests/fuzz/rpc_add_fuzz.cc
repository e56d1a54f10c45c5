// The hand-written codec of `add` beside the generated one. Input: a byte that says call (even) or
// reply (odd), then the body of the message.
//
// What the hand-written codec reads, the generated code reads, with the same meaning. What the
// generated code reads, the hand-written codec reads, but for what no sender writes: a list whose
// declared elements are not the ones of the IDL, and nesting beyond kMaxWireDepth. Of an empty
// container the hand-written codec asks for no element type that exists; Thrift may.

#include <Bookie.h>
#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/transport/TBufferTransports.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "common/check.h"
#include "rpc/add_codec.h"
#include "rpc/frame_codec.h"
#include "tests/fuzz/allocation_meter.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/rpc_message.h"
#include "tests/fuzz/wire_walk.h"
#include "tests/rpc/generated_codec.h"

namespace quire::fuzz {
namespace {

namespace wire = protocol::wire;
using apache::thrift::protocol::TBinaryProtocolT;
using apache::thrift::transport::TMemoryBuffer;
using rpc::AddCall;
using rpc::Decoded;

// Exactly one struct, as the generated code sees it; the bytes were walked before.
template <typename Body>
bool ReadGenerated(std::string_view bytes, Body& body) {
  const auto size = static_cast<std::uint32_t>(bytes.size());
  auto* const data = reinterpret_cast<std::uint8_t*>(const_cast<char*>(bytes.data()));
  const auto buffer = std::make_shared<TMemoryBuffer>(data, size);
  TBinaryProtocolT<TMemoryBuffer> reader(buffer, static_cast<std::int32_t>(size),
                                         static_cast<std::int32_t>(rpc::kMaxWireElements), true,
                                         true);
  try {
    body.read(&reader);
  } catch (const std::exception&) {
    return false;
  }
  return buffer->available_read() == 0;
}

bool KeepsContract(const wire::AddRequest& request) {
  bool good = request.bookie.size() == 16 && request.deadline_ms >= 0 && !request.adds.empty() &&
              request.adds.size() <= protocol::kMaxEntriesPerCall;
  for (const wire::Add& add : request.adds) good = good && add.key.size() == 16;
  return good;
}

void CheckSame(const AddCall& call, const wire::AddRequest& request) {
  QUIRE_CHECK(protocol::ToBytes(call.bookie) == request.bookie);
  QUIRE_CHECK(call.deadline_ms == request.deadline_ms);
  QUIRE_CHECK(call.adds.size() == request.adds.size());
  for (std::size_t i = 0; i < call.adds.size(); ++i) {
    QUIRE_CHECK(call.adds[i].entry == request.adds[i].entry);
    QUIRE_CHECK(protocol::ToBytes(call.adds[i].key) == request.adds[i].key);
    QUIRE_CHECK(call.adds[i].recovery == request.adds[i].recovery);
  }
}

// Both codecs write the same frame, and both read it.
void CheckWritten(const AddCall& call, const wire::AddRequest& request) {
  rpc::AddFrame frame({}, 7, call.bookie, call.deadline_ms);
  for (const protocol::Add& add : call.adds) frame.Append(add);
  const std::string written = std::move(frame).Seal();
  wire::AddRequest whole = request;
  for (wire::Add& add : whole.adds) add.__isset.recovery = true;
  wire::Bookie_add_pargs args;
  args.request = &whole;
  QUIRE_CHECK(written ==
              rpc::testing::GeneratedFrame("add", apache::thrift::protocol::T_CALL, 7, args));
  AddCall again;
  QUIRE_CHECK(rpc::DecodeAddCall(BodyOf(written), again) == Decoded::kOk);
  CheckSame(again, request);
}

void CheckCall(std::string_view body) {
  AddCall call;
  Decoded decoded{};
  std::size_t peak = 0;
  {
    const AllocationMeter meter;
    decoded = rpc::DecodeAddCall(body, call);
    peak = meter.peak();
  }
  // An add takes at least one byte; the vector doubles.
  QUIRE_CHECK(peak <= 4096 + 4 * sizeof(protocol::Add) * body.size());

  const auto facts = WalkStruct(body, static_cast<int>(rpc::WireType::kStruct));
  if (facts && facts->unnamed_type) return;
  wire::Bookie_add_args args;
  const bool generated = facts && ReadGenerated(body, args) && args.__isset.request;
  if (decoded != Decoded::kMalformed) QUIRE_CHECK(generated);
  if (!generated) return;
  const bool usual = !facts->other_lists && facts->depth <= rpc::kMaxWireDepth;
  if (usual) QUIRE_CHECK(decoded != Decoded::kMalformed);
  if (decoded == Decoded::kOk) {
    QUIRE_CHECK(KeepsContract(args.request));
    CheckSame(call, args.request);
    CheckWritten(call, args.request);
  } else if (decoded == Decoded::kBadRequest) {
    // Of a field that comes twice the generated code forgets the first; here a bad one stays bad.
    QUIRE_CHECK(facts->field_twice || !KeepsContract(args.request));
  }
}

std::int32_t NumberOf(const wire::Code::type& code) {
  std::int32_t number = 0;
  std::memcpy(&number, &code, sizeof(number));
  return number;
}

void CheckReply(std::string_view body) {
  std::vector<protocol::Code> codes;
  std::int32_t retry_after_ms = 0;
  const bool decoded = rpc::DecodeAddReply(body, codes, &retry_after_ms);
  QUIRE_CHECK(retry_after_ms >= 0 && retry_after_ms <= protocol::kMaxRetryAfterMs);
  const auto facts = WalkStruct(body, static_cast<int>(rpc::WireType::kI32));
  if (facts && facts->unnamed_type) return;
  wire::Bookie_add_result result;
  const bool generated = facts && ReadGenerated(body, result) && result.__isset.success;
  // Of a reply that comes twice the generated code asks both to be whole, ours the last one.
  if (decoded) QUIRE_CHECK(generated);
  if (!generated) return;
  const bool usual = !facts->other_lists && facts->depth <= rpc::kMaxWireDepth;
  if (usual) QUIRE_CHECK(decoded);
  if (!decoded) return;
  QUIRE_CHECK(codes.size() == result.success.codes.size());
  for (std::size_t i = 0; i < codes.size(); ++i) {
    QUIRE_CHECK(codes[i] == rpc::CodeFromWire(NumberOf(result.success.codes[i])));
  }
  std::string frame;
  rpc::AppendAddReply(frame, 7, codes);
  std::vector<protocol::Code> again;
  QUIRE_CHECK(rpc::DecodeAddReply(BodyOf(frame), again) && again == codes);
}

}  // namespace

void Run(std::string_view input) {
  Input in(input);
  in.Byte() % 2 == 0 ? CheckCall(in.rest()) : CheckReply(in.rest());
}

}  // namespace quire::fuzz
