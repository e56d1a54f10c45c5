#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/code.h"
#include "protocol/ids.h"
#include "protocol/uuid.h"

namespace quire::protocol {

// The requests and replies of a bookie as plain structs: what bookie.thrift says, without Thrift.
// The deadline of a request is how long its caller still waits, in milliseconds; 0 means no limit.
// retry_after_ms of a reply that is kBusy: how long the caller should stay away; 0: not said.

struct Add {
  std::string_view entry;  // encoded (entry.h); valid during the call that carries it only
  LedgerKey key;
  bool recovery = false;         // passes a fence: sent by recovery and repair only (T-35)
  std::int32_t deadline_ms = 0;  // of the request it came with
};

struct ReadRequest {
  BookieId bookie;
  std::int32_t deadline_ms = 0;
  LedgerId ledger;
  std::vector<EntryId> entries;  // 1..kMaxEntriesPerCall ids
  std::int32_t max_bytes = 0;    // stop after the entry that reaches it; 0: kMaxReadReplyBytes
  bool fence = false;            // fence the ledger first, durably, then answer (protocol 1.3)
  LedgerKey key;                 // required when fencing
};

struct EntryAnswer {
  Code code = Code::kUnknown;
  std::string bytes;  // the encoded entry when kOk
};

struct ReadReply {
  Code code = Code::kUnknown;  // of the request as a whole; anything but kOk: no answers
  // One for each id asked, in order; fewer when max_bytes was reached (at least one).
  std::vector<EntryAnswer> answers;
  std::int32_t retry_after_ms = 0;
};

struct LacRequest {
  BookieId bookie;
  std::int32_t deadline_ms = 0;
  LedgerId ledger;
  bool fence = false;
  LedgerKey key;  // required when fencing
  // Long poll: with wait_ms > 0 the answer is held back until the LAC here is above `known_lac`,
  // the ledger is fenced or deleted here, or wait_ms have passed.
  EntryId known_lac = kNoEntry;
  std::int32_t wait_ms = 0;
};

struct LacReply {
  Code code = Code::kUnknown;
  EntryId lac = kNoEntry;  // when kOk: the highest LAC any stored entry or explicit LAC carries
  bool fenced = false;
  std::int32_t retry_after_ms = 0;
};

struct WriteLacRequest {
  BookieId bookie;
  std::int32_t deadline_ms = 0;
  LedgerId ledger;
  LedgerKey key;
  std::string record;  // EncodeLac
};

struct WriteLacReply {
  Code code = Code::kUnknown;
  std::int32_t retry_after_ms = 0;
};

// A run of consecutive entry ids: first .. first + count - 1.
struct EntryRun {
  EntryId first;
  std::int64_t count = 0;

  auto operator<=>(const EntryRun&) const = default;
};

struct ListEntriesRequest {
  BookieId bookie;
  std::int32_t deadline_ms = 0;
  LedgerId ledger;
  EntryId from;               // the lowest id of interest
  std::int32_t max_runs = 0;  // 0: kMaxEntriesPerCall
};

struct ListEntriesReply {
  Code code = Code::kUnknown;
  std::vector<EntryRun> runs;     // ascending
  EntryId next_entry = kNoEntry;  // ask again from here; kNoEntry: that was all
  std::int32_t retry_after_ms = 0;
};

struct StatusRequest {
  std::int32_t deadline_ms = 0;
};

// One bookie (one directory) of the daemon that answers.
struct BookieStatus {
  BookieId bookie;
  std::string directory;
  std::string state;  // "writable", "read-only", "failed"
  std::int64_t ledgers = 0;
  std::int64_t journal_lsn = 0;  // last record made durable
  std::int64_t stored_lsn = 0;   // last record in the index
  std::int64_t journal_bytes = 0;
  std::int64_t segment_bytes = 0;
  std::int64_t segments = 0;
  std::int64_t cache_bytes = 0;
  std::int64_t free_bytes = 0;
};

struct StatusReply {
  Code code = Code::kUnknown;
  InstanceId instance;
  std::vector<BookieStatus> bookies;
};

}  // namespace quire::protocol
