#include "rpc/message_codec.h"

#include <Bookie.h>
#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/transport/TBufferTransports.h>

#include <exception>
#include <memory>
#include <utility>

#include "protocol/limits.h"
#include "protocol/untrusted_reader.h"
#include "rpc/frame_codec.h"
#include "rpc/wire_convert.h"

namespace quire::rpc {
namespace {

namespace wire = protocol::wire;
using apache::thrift::TConfiguration;
using apache::thrift::protocol::TBinaryProtocolT;
using apache::thrift::transport::TMemoryBuffer;
using apache::thrift::transport::TVirtualTransport;

// Of a reply to `read`, at most: what Thrift puts around an answer, and around them all.
constexpr std::size_t kAnswerOverheadBytes = 24;
constexpr std::size_t kReplyOverheadBytes = 128;

// Writes to the end of a string.
class StringTransport final : public TVirtualTransport<StringTransport> {
 public:
  explicit StringTransport(std::string& out) : out_(out) {}
  void write(const std::uint8_t* bytes, std::uint32_t count) {
    out_.append(reinterpret_cast<const char*>(bytes), count);
  }

 private:
  std::string& out_;
};

template <typename Struct>
bool AppendMessage(std::string& out, MessageType type, std::string_view name, std::int32_t seqid,
                   const Struct& body) {
  const std::size_t begin = BeginFrame(out, type, name, seqid);
  try {
    TBinaryProtocolT<StringTransport> writer(std::make_shared<StringTransport>(out));
    body.write(&writer);
  } catch (const std::exception&) {  // only std::bad_alloc and std::length_error can come
    out.resize(begin);
    return false;
  }
  return SealFrame(out, begin);
}

// The string limit has to be the size of the body because a string is allocated before anybody
// looks whether it is there.
template <typename Struct>
bool ReadStruct(std::string_view body, Struct& out) {
  if (body.empty() || body.size() > protocol::kMaxFrameBytes) return false;
  const auto size = static_cast<std::int32_t>(body.size());
  try {
    const auto limits = std::make_shared<TConfiguration>(size, size, kMaxWireDepth);
    // TMemoryBuffer wants a pointer to writable bytes but does not write to what it only observes.
    auto* const bytes = reinterpret_cast<std::uint8_t*>(const_cast<char*>(body.data()));
    const auto buffer =
        std::make_shared<TMemoryBuffer>(bytes, size, TMemoryBuffer::OBSERVE, limits);
    protocol::UntrustedReader reader(buffer, size, kMaxWireElements);
    out.read(&reader);
    return buffer->available_read() == 0;
  } catch (const std::exception&) {
    return false;
  }
}

template <typename Args, typename Request>
Decoded DecodeArgs(std::string_view body, Request& request) {
  Args args;
  if (!ReadStruct(body, args) || !args.__isset.request) return Decoded::kMalformed;
  return FromWire(std::move(args.request), request) ? Decoded::kOk : Decoded::kBadRequest;
}

template <typename Pargs, typename Request>
bool AppendArgs(std::string& out, std::string_view name, std::int32_t seqid,
                const Request& request) {
  const auto converted = ToWire(request);
  Pargs args;
  args.request = &converted;
  return AppendMessage(out, MessageType::kCall, name, seqid, args);
}

template <typename Answer>
bool AppendAnswer(std::string& out, std::string_view name, std::int32_t seqid,
                  decltype(Answer::success) reply) {
  Answer answer;
  answer.success = std::move(reply);
  answer.__isset.success = true;
  return AppendMessage(out, MessageType::kReply, name, seqid, answer);
}

template <typename Answer, typename Reply>
bool DecodeAnswer(std::string_view body, Reply& reply) {
  Answer answer;
  return ReadStruct(body, answer) && answer.__isset.success &&
         FromWire(std::move(answer.success), reply);
}

}  // namespace

bool AppendCall(std::string& out, std::int32_t seqid, const protocol::ReadRequest& request) {
  return AppendArgs<wire::Bookie_read_pargs>(out, kReadMethod, seqid, request);
}
bool AppendCall(std::string& out, std::int32_t seqid, const protocol::LacRequest& request) {
  return AppendArgs<wire::Bookie_lac_pargs>(out, kLacMethod, seqid, request);
}
bool AppendCall(std::string& out, std::int32_t seqid, const protocol::WriteLacRequest& request) {
  return AppendArgs<wire::Bookie_write_lac_pargs>(out, kWriteLacMethod, seqid, request);
}
bool AppendCall(std::string& out, std::int32_t seqid, const protocol::ListEntriesRequest& request) {
  return AppendArgs<wire::Bookie_list_entries_pargs>(out, kListEntriesMethod, seqid, request);
}
bool AppendCall(std::string& out, std::int32_t seqid, const protocol::StatusRequest& request) {
  return AppendArgs<wire::Bookie_status_pargs>(out, kStatusMethod, seqid, request);
}

Decoded DecodeCall(std::string_view body, protocol::ReadRequest& request) {
  return DecodeArgs<wire::Bookie_read_args>(body, request);
}
Decoded DecodeCall(std::string_view body, protocol::LacRequest& request) {
  return DecodeArgs<wire::Bookie_lac_args>(body, request);
}
Decoded DecodeCall(std::string_view body, protocol::WriteLacRequest& request) {
  return DecodeArgs<wire::Bookie_write_lac_args>(body, request);
}
Decoded DecodeCall(std::string_view body, protocol::ListEntriesRequest& request) {
  return DecodeArgs<wire::Bookie_list_entries_args>(body, request);
}
Decoded DecodeCall(std::string_view body, protocol::StatusRequest& request) {
  return DecodeArgs<wire::Bookie_status_args>(body, request);
}

bool AppendReply(std::string& out, std::int32_t seqid, protocol::ReadReply reply) {
  std::size_t bytes = 0;
  for (const protocol::EntryAnswer& answer : reply.answers) {
    bytes += kAnswerOverheadBytes + answer.bytes.size();
  }
  // Megabytes: growing step by step would copy them once more.
  out.reserve(out.size() + kReplyOverheadBytes + bytes);
  return AppendAnswer<wire::Bookie_read_result>(out, kReadMethod, seqid, ToWire(std::move(reply)));
}
bool AppendReply(std::string& out, std::int32_t seqid, const protocol::LacReply& reply) {
  return AppendAnswer<wire::Bookie_lac_result>(out, kLacMethod, seqid, ToWire(reply));
}
bool AppendReply(std::string& out, std::int32_t seqid, const protocol::WriteLacReply& reply) {
  return AppendAnswer<wire::Bookie_write_lac_result>(out, kWriteLacMethod, seqid, ToWire(reply));
}
bool AppendReply(std::string& out, std::int32_t seqid, const protocol::ListEntriesReply& reply) {
  return AppendAnswer<wire::Bookie_list_entries_result>(out, kListEntriesMethod, seqid,
                                                        ToWire(reply));
}
bool AppendReply(std::string& out, std::int32_t seqid, const protocol::StatusReply& reply) {
  return AppendAnswer<wire::Bookie_status_result>(out, kStatusMethod, seqid, ToWire(reply));
}

bool DecodeReply(std::string_view body, protocol::ReadReply& reply) {
  return DecodeAnswer<wire::Bookie_read_result>(body, reply);
}
bool DecodeReply(std::string_view body, protocol::LacReply& reply) {
  return DecodeAnswer<wire::Bookie_lac_result>(body, reply);
}
bool DecodeReply(std::string_view body, protocol::WriteLacReply& reply) {
  return DecodeAnswer<wire::Bookie_write_lac_result>(body, reply);
}
bool DecodeReply(std::string_view body, protocol::ListEntriesReply& reply) {
  return DecodeAnswer<wire::Bookie_list_entries_result>(body, reply);
}
bool DecodeReply(std::string_view body, protocol::StatusReply& reply) {
  return DecodeAnswer<wire::Bookie_status_result>(body, reply);
}

}  // namespace quire::rpc
