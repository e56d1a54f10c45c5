#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/messages.h"
#include "rpc/add_codec.h"

namespace quire::rpc {

// The codec of every call but `add`, through the generated structs. Whole frames are appended; what
// is decoded is the body of a message. Untrusted bytes: nothing is allocated on the strength of a
// number that the bytes present do not back, and no exception leaves.

inline constexpr std::string_view kReadMethod = "read";
inline constexpr std::string_view kLacMethod = "lac";
inline constexpr std::string_view kWriteLacMethod = "write_lac";
inline constexpr std::string_view kListEntriesMethod = "list_entries";
inline constexpr std::string_view kStatusMethod = "status";

// False, with `out` as it was, when the request does not fit into a frame.
bool AppendCall(std::string& out, std::int32_t seqid, const protocol::ReadRequest& request);
bool AppendCall(std::string& out, std::int32_t seqid, const protocol::LacRequest& request);
bool AppendCall(std::string& out, std::int32_t seqid, const protocol::WriteLacRequest& request);
bool AppendCall(std::string& out, std::int32_t seqid, const protocol::ListEntriesRequest& request);
bool AppendCall(std::string& out, std::int32_t seqid, const protocol::StatusRequest& request);

// kBadRequest: an id or key that is not 16 bytes, a count or time out of its range, a fence without
// key.
Decoded DecodeCall(std::string_view body, protocol::ReadRequest& request);
Decoded DecodeCall(std::string_view body, protocol::LacRequest& request);
Decoded DecodeCall(std::string_view body, protocol::WriteLacRequest& request);
Decoded DecodeCall(std::string_view body, protocol::ListEntriesRequest& request);
Decoded DecodeCall(std::string_view body, protocol::StatusRequest& request);

// False, with `out` as it was, when the reply does not fit into a frame.
bool AppendReply(std::string& out, std::int32_t seqid, protocol::ReadReply reply);
bool AppendReply(std::string& out, std::int32_t seqid, const protocol::LacReply& reply);
bool AppendReply(std::string& out, std::int32_t seqid, const protocol::WriteLacReply& reply);
bool AppendReply(std::string& out, std::int32_t seqid, const protocol::ListEntriesReply& reply);
bool AppendReply(std::string& out, std::int32_t seqid, const protocol::StatusReply& reply);

// False when malformed.
bool DecodeReply(std::string_view body, protocol::ReadReply& reply);
bool DecodeReply(std::string_view body, protocol::LacReply& reply);
bool DecodeReply(std::string_view body, protocol::WriteLacReply& reply);
bool DecodeReply(std::string_view body, protocol::ListEntriesReply& reply);
bool DecodeReply(std::string_view body, protocol::StatusReply& reply);

}  // namespace quire::rpc
