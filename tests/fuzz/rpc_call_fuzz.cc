// Requests as a server takes them apart, `add` excepted. Input: a message (a frame without its
// length).

#include <string>

#include "protocol/limits.h"
#include "rpc/message_codec.h"
#include "tests/fuzz/allocation_meter.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/rpc_message.h"

namespace quire::fuzz {
namespace {

using rpc::Decoded;

// What message_codec.h promises of a request it calls good.
bool Sound(const protocol::ReadRequest& request) {
  return request.deadline_ms >= 0 && request.max_bytes >= 0 && !request.entries.empty() &&
         request.entries.size() <= protocol::kMaxEntriesPerCall;
}
bool Sound(const protocol::LacRequest& request) {
  return request.deadline_ms >= 0 && request.wait_ms >= 0 && request.wait_ms <= 60'000;
}
bool Sound(const protocol::WriteLacRequest& request) {
  return request.deadline_ms >= 0;
}
bool Sound(const protocol::ListEntriesRequest& request) {
  return request.deadline_ms >= 0 && request.max_runs >= 0 &&
         static_cast<std::size_t>(request.max_runs) <= protocol::kMaxEntriesPerCall;
}
bool Sound(const protocol::StatusRequest& request) {
  return request.deadline_ms >= 0;
}

// What was read is written and read again without a change.
template <typename Request>
void Check(std::string_view body, std::int32_t seqid) {
  Request request;
  Decoded decoded{};
  std::size_t peak = 0;
  {
    const AllocationMeter meter;
    decoded = rpc::DecodeCall(body, request);
    peak = meter.peak();
  }
  QUIRE_CHECK(peak <= kHeapAnyway + kHeapPerByte * body.size());
  if (decoded != Decoded::kOk) return;
  QUIRE_CHECK(Sound(request));
  std::string written;
  QUIRE_CHECK(rpc::AppendCall(written, seqid, request));
  Request again;
  QUIRE_CHECK(rpc::DecodeCall(BodyOf(written), again) == Decoded::kOk);
  std::string rewritten;
  QUIRE_CHECK(rpc::AppendCall(rewritten, seqid, again));
  QUIRE_CHECK(rewritten == written);
}

}  // namespace

void Run(std::string_view input) {
  rpc::Message message;
  if (!rpc::ParseMessage(input, message) || message.type != rpc::MessageType::kCall) return;
  const auto check = [&]<typename Request>(std::string_view method) {
    if (message.name == method) Check<Request>(message.body, message.seqid);
  };
  check.template operator()<protocol::ReadRequest>(rpc::kReadMethod);
  check.template operator()<protocol::LacRequest>(rpc::kLacMethod);
  check.template operator()<protocol::WriteLacRequest>(rpc::kWriteLacMethod);
  check.template operator()<protocol::ListEntriesRequest>(rpc::kListEntriesMethod);
  check.template operator()<protocol::StatusRequest>(rpc::kStatusMethod);
}

}  // namespace quire::fuzz
