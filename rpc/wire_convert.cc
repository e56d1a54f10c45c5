#include "rpc/wire_convert.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "protocol/limits.h"
#include "rpc/add_codec.h"

namespace quire::rpc {
namespace {

namespace wire = protocol::wire;

constexpr std::int32_t kMaxWaitMs = 60'000;

wire::Code::type CodeToWire(protocol::Code code) {
  return static_cast<wire::Code::type>(static_cast<std::int32_t>(code));
}
// The generated code puts any number into its enum; it is taken out as the number that it is.
protocol::Code CodeOf(const wire::Code::type& code) {
  std::int32_t value = 0;
  static_assert(sizeof(code) == sizeof(value));
  std::memcpy(&value, &code, sizeof(value));
  return CodeFromWire(value);
}

template <typename Id>
bool ParseId(const std::string& bytes, Id& id) {
  const auto parsed = protocol::FromBytes<Id>(bytes);
  if (parsed) id = *parsed;
  return parsed.has_value();
}

// The key of a request that may fence: required then, else it may be missing.
template <typename Wire>
bool ParseFenceKey(const Wire& wire, protocol::LedgerKey& key) {
  return wire.__isset.key ? ParseId(wire.key, key) : !wire.fence;
}

// An id that an entry can have, or kNoEntry. The largest number has no successor and is none.
bool IsLac(protocol::EntryId id) {
  return id >= protocol::kNoEntry && id.value() < INT64_MAX;
}

// Only a busy bookie says when to come back; what else it may say is no reason to wait for long.
template <typename Reply, typename Wire>
void PutRetryAfter(const Reply& reply, Wire& wire) {
  if (reply.retry_after_ms > 0) wire.__set_retry_after_ms(reply.retry_after_ms);
}
template <typename Wire>
std::int32_t RetryAfterOf(const Wire& wire) {
  return wire.__isset.retry_after_ms
             ? std::clamp(wire.retry_after_ms, 0, protocol::kMaxRetryAfterMs)
             : 0;
}

// Ascending, none empty, and no end beyond the ids there are.
bool AreRuns(const std::vector<protocol::EntryRun>& runs) {
  std::int64_t end = 0;
  for (const protocol::EntryRun& run : runs) {
    const std::int64_t first = run.first.value();
    if (first < end || run.count < 1 || run.count > INT64_MAX - first) return false;
    end = first + run.count;
  }
  return true;
}

}  // namespace

wire::ReadRequest ToWire(const protocol::ReadRequest& request) {
  wire::ReadRequest wire;
  wire.bookie = protocol::ToBytes(request.bookie);
  wire.deadline_ms = request.deadline_ms;
  wire.ledger = request.ledger.value();
  wire.entries.reserve(request.entries.size());
  for (const protocol::EntryId entry : request.entries) wire.entries.push_back(entry.value());
  wire.__set_max_bytes(request.max_bytes);
  wire.__set_fence(request.fence);
  if (request.fence) wire.__set_key(protocol::ToBytes(request.key));
  return wire;
}

bool FromWire(wire::ReadRequest&& wire, protocol::ReadRequest& request) {
  if (!ParseId(wire.bookie, request.bookie) || !ParseFenceKey(wire, request.key)) return false;
  request.deadline_ms = wire.deadline_ms;
  request.ledger = protocol::LedgerId(wire.ledger);
  request.entries.clear();
  request.entries.reserve(wire.entries.size());
  for (const std::int64_t entry : wire.entries) request.entries.emplace_back(entry);
  request.max_bytes = wire.max_bytes;
  request.fence = wire.fence;
  return request.deadline_ms >= 0 && request.max_bytes >= 0 && !request.entries.empty() &&
         request.entries.size() <= protocol::kMaxEntriesPerCall;
}

wire::LacRequest ToWire(const protocol::LacRequest& request) {
  wire::LacRequest wire;
  wire.bookie = protocol::ToBytes(request.bookie);
  wire.deadline_ms = request.deadline_ms;
  wire.ledger = request.ledger.value();
  wire.__set_fence(request.fence);
  if (request.fence) wire.__set_key(protocol::ToBytes(request.key));
  wire.__set_known_lac(request.known_lac.value());
  wire.__set_wait_ms(request.wait_ms);
  return wire;
}

bool FromWire(wire::LacRequest&& wire, protocol::LacRequest& request) {
  if (!ParseId(wire.bookie, request.bookie) || !ParseFenceKey(wire, request.key)) return false;
  request.deadline_ms = wire.deadline_ms;
  request.ledger = protocol::LedgerId(wire.ledger);
  request.fence = wire.fence;
  request.known_lac = protocol::EntryId(wire.known_lac);
  request.wait_ms = wire.wait_ms;
  return request.deadline_ms >= 0 && request.wait_ms >= 0 && request.wait_ms <= kMaxWaitMs;
}

wire::WriteLacRequest ToWire(const protocol::WriteLacRequest& request) {
  wire::WriteLacRequest wire;
  wire.bookie = protocol::ToBytes(request.bookie);
  wire.deadline_ms = request.deadline_ms;
  wire.ledger = request.ledger.value();
  wire.key = protocol::ToBytes(request.key);
  wire.record = request.record;
  return wire;
}

bool FromWire(wire::WriteLacRequest&& wire, protocol::WriteLacRequest& request) {
  if (!ParseId(wire.bookie, request.bookie) || !ParseId(wire.key, request.key)) return false;
  request.deadline_ms = wire.deadline_ms;
  request.ledger = protocol::LedgerId(wire.ledger);
  request.record = std::move(wire.record);
  return request.deadline_ms >= 0;
}

wire::ListEntriesRequest ToWire(const protocol::ListEntriesRequest& request) {
  wire::ListEntriesRequest wire;
  wire.bookie = protocol::ToBytes(request.bookie);
  wire.deadline_ms = request.deadline_ms;
  wire.ledger = request.ledger.value();
  wire.from_entry = request.from.value();
  wire.__set_max_runs(request.max_runs);
  return wire;
}

bool FromWire(wire::ListEntriesRequest&& wire, protocol::ListEntriesRequest& request) {
  if (!ParseId(wire.bookie, request.bookie)) return false;
  request.deadline_ms = wire.deadline_ms;
  request.ledger = protocol::LedgerId(wire.ledger);
  request.from = protocol::EntryId(wire.from_entry);
  request.max_runs = wire.max_runs;
  return request.deadline_ms >= 0 && request.max_runs >= 0 &&
         static_cast<std::size_t>(request.max_runs) <= protocol::kMaxEntriesPerCall;
}

wire::StatusRequest ToWire(const protocol::StatusRequest& request) {
  wire::StatusRequest wire;
  wire.deadline_ms = request.deadline_ms;
  return wire;
}

bool FromWire(wire::StatusRequest&& wire, protocol::StatusRequest& request) {
  request.deadline_ms = wire.deadline_ms;
  return request.deadline_ms >= 0;
}

wire::ReadReply ToWire(protocol::ReadReply&& reply) {
  wire::ReadReply wire;
  wire.code = CodeToWire(reply.code);
  PutRetryAfter(reply, wire);
  if (reply.code != protocol::Code::kOk) return wire;
  wire.__isset.answers = true;
  wire.answers.reserve(reply.answers.size());
  for (protocol::EntryAnswer& answer : reply.answers) {
    wire::EntryAnswer& out = wire.answers.emplace_back();
    out.code = CodeToWire(answer.code);
    out.__isset.bytes = answer.code == protocol::Code::kOk;
    if (out.__isset.bytes) out.bytes = std::move(answer.bytes);
  }
  return wire;
}

bool FromWire(wire::ReadReply&& wire, protocol::ReadReply& reply) {
  reply.code = CodeOf(wire.code);
  reply.retry_after_ms = RetryAfterOf(wire);
  reply.answers.clear();
  if (reply.code != protocol::Code::kOk) return true;
  reply.answers.reserve(wire.answers.size());
  for (wire::EntryAnswer& answer : wire.answers) {
    const protocol::Code code = CodeOf(answer.code);
    if (code == protocol::Code::kOk && !answer.__isset.bytes) return false;
    reply.answers.push_back({.code = code, .bytes = std::move(answer.bytes)});
  }
  return wire.__isset.answers;
}

wire::LacReply ToWire(const protocol::LacReply& reply) {
  wire::LacReply wire;
  wire.code = CodeToWire(reply.code);
  PutRetryAfter(reply, wire);
  wire.__set_lac(reply.lac.value());
  wire.__set_fenced(reply.fenced);
  return wire;
}

bool FromWire(wire::LacReply&& wire, protocol::LacReply& reply) {
  reply = {.code = CodeOf(wire.code),
           .lac = protocol::EntryId(wire.lac),
           .fenced = wire.fenced,
           .retry_after_ms = RetryAfterOf(wire)};
  return IsLac(reply.lac);
}

wire::WriteLacReply ToWire(const protocol::WriteLacReply& reply) {
  wire::WriteLacReply wire;
  wire.code = CodeToWire(reply.code);
  PutRetryAfter(reply, wire);
  return wire;
}

bool FromWire(wire::WriteLacReply&& wire, protocol::WriteLacReply& reply) {
  reply.code = CodeOf(wire.code);
  reply.retry_after_ms = RetryAfterOf(wire);
  return true;
}

wire::ListEntriesReply ToWire(const protocol::ListEntriesReply& reply) {
  wire::ListEntriesReply wire;
  wire.code = CodeToWire(reply.code);
  PutRetryAfter(reply, wire);
  if (reply.code != protocol::Code::kOk) return wire;
  wire.__isset.runs = true;
  wire.runs.reserve(reply.runs.size());
  for (const protocol::EntryRun& run : reply.runs) {
    wire::EntryRun& out = wire.runs.emplace_back();
    out.first = run.first.value();
    out.count = run.count;
  }
  wire.__set_next_entry(reply.next_entry.value());
  return wire;
}

bool FromWire(wire::ListEntriesReply&& wire, protocol::ListEntriesReply& reply) {
  reply.code = CodeOf(wire.code);
  reply.retry_after_ms = RetryAfterOf(wire);
  reply.next_entry = protocol::EntryId(wire.next_entry);
  reply.runs.clear();
  reply.runs.reserve(wire.runs.size());
  for (const wire::EntryRun& run : wire.runs) {
    reply.runs.push_back({.first = protocol::EntryId(run.first), .count = run.count});
  }
  if (reply.code != protocol::Code::kOk) return true;
  return wire.__isset.runs && AreRuns(reply.runs) && IsLac(reply.next_entry);
}

wire::StatusReply ToWire(const protocol::StatusReply& reply) {
  wire::StatusReply wire;
  wire.code = CodeToWire(reply.code);
  if (reply.code != protocol::Code::kOk) return wire;
  wire.__set_instance(protocol::ToBytes(reply.instance));
  wire.__isset.bookies = true;
  wire.bookies.reserve(reply.bookies.size());
  for (const protocol::BookieStatus& status : reply.bookies) {
    wire::BookieStatus& out = wire.bookies.emplace_back();
    out.bookie = protocol::ToBytes(status.bookie);
    out.directory = status.directory;
    out.state = status.state;
    out.ledgers = status.ledgers;
    out.journal_lsn = status.journal_lsn;
    out.stored_lsn = status.stored_lsn;
    out.journal_bytes = status.journal_bytes;
    out.segment_bytes = status.segment_bytes;
    out.segments = status.segments;
    out.cache_bytes = status.cache_bytes;
    out.free_bytes = status.free_bytes;
  }
  return wire;
}

bool FromWire(wire::StatusReply&& wire, protocol::StatusReply& reply) {
  reply.code = CodeOf(wire.code);
  reply.bookies.clear();
  if (reply.code != protocol::Code::kOk) return true;
  for (wire::BookieStatus& status : wire.bookies) {
    protocol::BookieStatus& out = reply.bookies.emplace_back();
    if (!ParseId(status.bookie, out.bookie)) return false;
    out.directory = std::move(status.directory);
    out.state = std::move(status.state);
    out.ledgers = status.ledgers;
    out.journal_lsn = status.journal_lsn;
    out.stored_lsn = status.stored_lsn;
    out.journal_bytes = status.journal_bytes;
    out.segment_bytes = status.segment_bytes;
    out.segments = status.segments;
    out.cache_bytes = status.cache_bytes;
    out.free_bytes = status.free_bytes;
  }
  return wire.__isset.bookies && wire.__isset.instance && ParseId(wire.instance, reply.instance);
}

}  // namespace quire::rpc
