// Replies as a client takes them apart, those to `add` excepted. Input: a message (a frame without
// its length).

#include <string>

#include "rpc/message_codec.h"
#include "tests/fuzz/allocation_meter.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/rpc_message.h"

namespace quire::fuzz {
namespace {

using protocol::Code;

// Codes that only the caller's side makes never come off the wire.
bool FromBookie(Code code) {
  return code >= Code::kOk && code <= Code::kExpired;
}

template <typename Reply>
bool Sound(const Reply& reply) {
  return FromBookie(reply.code);
}
template <>
bool Sound(const protocol::ReadReply& reply) {
  bool sound = FromBookie(reply.code) && (reply.code == Code::kOk || reply.answers.empty());
  for (const protocol::EntryAnswer& answer : reply.answers) sound &= FromBookie(answer.code);
  return sound;
}

template <>
bool Sound(const protocol::LacReply& reply) {
  return FromBookie(reply.code) && reply.lac >= protocol::kNoEntry && reply.lac.value() < INT64_MAX;
}
template <>
bool Sound(const protocol::ListEntriesReply& reply) {
  bool sound = FromBookie(reply.code);
  if (reply.code != Code::kOk) return sound;
  std::int64_t end = 0;
  for (const protocol::EntryRun& run : reply.runs) {
    sound &= run.first.value() >= end && run.count >= 1;
    end = run.first.value() + run.count;  // the sanitizer sees an overflow
  }
  return sound && reply.next_entry >= protocol::kNoEntry;
}

// What was read is written and read again without a change.
template <typename Reply>
void Check(std::string_view body, std::int32_t seqid) {
  Reply reply;
  bool decoded = false;
  std::size_t peak = 0;
  {
    const AllocationMeter meter;
    decoded = rpc::DecodeReply(body, reply);
    peak = meter.peak();
  }
  QUIRE_CHECK(peak <= kHeapAnyway + kHeapPerByte * body.size());
  if (!decoded) return;
  QUIRE_CHECK(Sound(reply));
  std::string written;
  QUIRE_CHECK(rpc::AppendReply(written, seqid, reply));
  Reply again;
  QUIRE_CHECK(rpc::DecodeReply(BodyOf(written), again));
  std::string rewritten;
  QUIRE_CHECK(rpc::AppendReply(rewritten, seqid, again));
  QUIRE_CHECK(rewritten == written);
}

}  // namespace

void Run(std::string_view input) {
  rpc::Message message;
  if (!rpc::ParseMessage(input, message) || message.type != rpc::MessageType::kReply) return;
  const auto check = [&]<typename Reply>(std::string_view method) {
    if (message.name == method) Check<Reply>(message.body, message.seqid);
  };
  check.template operator()<protocol::ReadReply>(rpc::kReadMethod);
  check.template operator()<protocol::LacReply>(rpc::kLacMethod);
  check.template operator()<protocol::WriteLacReply>(rpc::kWriteLacMethod);
  check.template operator()<protocol::ListEntriesReply>(rpc::kListEntriesMethod);
  check.template operator()<protocol::StatusReply>(rpc::kStatusMethod);
}

}  // namespace quire::fuzz
