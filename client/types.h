#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/error.h"
#include "common/loop.h"
#include "protocol/entry.h"
#include "protocol/ids.h"
#include "protocol/quorum.h"

namespace quire::client {

// What became of an append.
enum class Outcome {
  kOk,       // acknowledged: Qa bookies have it on stable storage, and it will never be lost
  kFailed,   // for sure not part of the ledger, now or ever: nothing was sent
  kUnknown,  // it was sent; a recovery may keep it or drop it (open the sealed ledger to see)
};

class [[nodiscard]] AppendResult {
 public:
  static AppendResult Ok(protocol::EntryId entry) { return {Outcome::kOk, entry, std::nullopt}; }
  static AppendResult Failed(common::Error error) {
    return {Outcome::kFailed, protocol::kNoEntry, std::move(error)};
  }
  static AppendResult Unknown(protocol::EntryId entry, common::Error error) {
    return {Outcome::kUnknown, entry, std::move(error)};
  }

  bool ok() const { return outcome_ == Outcome::kOk; }
  Outcome outcome() const { return outcome_; }
  protocol::EntryId entry() const { return entry_; }      // unless kFailed
  const common::Error& error() const { return *error_; }  // unless kOk

 private:
  AppendResult(Outcome outcome, protocol::EntryId entry, std::optional<common::Error> error)
      : outcome_(outcome), entry_(entry), error_(std::move(error)) {}

  Outcome outcome_;
  protocol::EntryId entry_;
  std::optional<common::Error> error_;
};

using AppendCallback = common::Callback<AppendResult>;

// An entry that was read and verified. Owns its bytes.
class Entry {
 public:
  explicit Entry(std::string bytes) : bytes_(std::move(bytes)) {}

  protocol::EntryId id() const { return protocol::PeekEntryHeader(bytes_).entry; }
  std::string_view payload() const { return protocol::EntryPayload(bytes_); }
  // Payload bytes of the ledger up to and including this entry.
  std::int64_t length() const { return protocol::PeekEntryHeader(bytes_).length; }

 private:
  std::string bytes_;
};

struct CreateOptions {
  protocol::Replication replication;
  std::map<std::string, std::string> custom;  // kept in the ledger's metadata
};

// How far a ledger can be read now.
struct Progress {
  protocol::EntryId lac = protocol::kNoEntry;  // confirmed up to here
  bool closed = false;                         // and there will never be more
};

}  // namespace quire::client
