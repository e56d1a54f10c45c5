#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "bookie/shard_core.h"
#include "common/loop.h"
#include "protocol/entry.h"
#include "protocol/messages.h"

namespace quire::bookie {

// Adds whose id is at or below the highest of their ledger and not in the write cache: whether a
// copy is in a segment only a read can tell. They wait here, copied. There is one look-up for an id
// at a time, later adds of the same id wait behind it in order; an id of this kind is inserted from
// here only, so two copies in flight cannot both find nothing. Adds that nobody waits for any more
// when their look-up could begin are answered kExpired. Recovery and repair are the usual senders.
// Loop thread only.
class DuplicateLookups {
 public:
  // The reply that an add is part of.
  struct Batch {
    std::vector<protocol::Code> codes;
    common::Callback<std::vector<protocol::Code>> done;
    std::size_t waiting = 0;
  };
  struct Waiting {
    protocol::EntryHeader header;
    std::string bytes;
    protocol::LedgerKey key;
    bool recovery = false;
    std::shared_ptr<Batch> batch;
    std::size_t index = 0;                                  // in the batch
    common::TimePoint deadline = common::TimePoint::max();  // of its caller
  };
  // Told for each add in order of arrival what the segments hold: kOk with the bytes, kNoEntry,
  // kCorrupt for a damaged copy, or anything else: not known. Everything may have changed since the
  // add came.
  using Resolve = std::function<void(const Waiting&, const protocol::EntryAnswer&)>;
  // After the last add of a batch was resolved.
  using Complete = std::function<void(Batch&)>;

  DuplicateLookups(ShardCore& core, Resolve resolve, Complete complete);

  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t expired() const { return expired_; }
  bool full() const { return bytes_ >= core_.options.max_lookup_bytes; }

  // Joins the look-up of that id, or notes that one is needed; Ask begins those.
  void Enqueue(Waiting add);
  // Begins the look-ups noted, one read for each ledger. Never resolves in this turn.
  void Ask();

 private:
  struct Id {
    protocol::LedgerId ledger;
    protocol::EntryId entry;
    bool operator==(const Id&) const = default;
  };
  struct IdHash {
    std::size_t operator()(const Id& id) const noexcept {
      return std::hash<protocol::LedgerId>()(id.ledger) * 31 +
             std::hash<protocol::EntryId>()(id.entry);
    }
  };

  void Read(protocol::LedgerId ledger, std::vector<protocol::EntryId> ids);
  void AskStore(protocol::LedgerId ledger, std::vector<protocol::EntryId> ids);
  void DropExpired(protocol::LedgerId ledger, std::vector<protocol::EntryId>& ids);
  void Answered(protocol::LedgerId ledger, std::vector<protocol::EntryId> ids,
                const std::vector<protocol::EntryAnswer>& answers);

  ShardCore& core_;
  const Resolve resolve_;
  const Complete complete_;
  // Loop thread.
  std::unordered_map<Id, std::vector<Waiting>, IdHash> waiting_;
  std::map<protocol::LedgerId, std::vector<protocol::EntryId>> to_ask_;
  std::uint64_t bytes_ = 0;
  std::uint64_t expired_ = 0;
};

}  // namespace quire::bookie
