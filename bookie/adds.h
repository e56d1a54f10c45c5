#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bookie/duplicate_lookups.h"
#include "bookie/shard_core.h"
#include "common/loop.h"
#include "protocol/entry.h"
#include "protocol/messages.h"

namespace quire::bookie {

// ADD of protocol 1.3. An entry is visible in the write cache from the turn that admits it, before
// it is durable; a fence in a later turn therefore sees it, and a fence in an earlier one refuses
// it. The reply leaves when everything it says OK to is durable. Loop thread only.
class Adds {
 public:
  explicit Adds(ShardCore& core);

  void Submit(std::span<const protocol::Add> adds,
              common::Callback<std::vector<protocol::Code>> done);

  // Entries that came with other bytes than the ones kept (T-37).
  std::uint64_t conflicts() const { return conflicts_; }
  const DuplicateLookups& lookups() const { return lookups_; }

 private:
  struct Entry {
    protocol::EntryHeader header;
    std::string_view bytes;
    protocol::LedgerKey key;
    bool recovery;
  };

  // Nullopt: the entry may be a duplicate of one in a segment; only the store can tell.
  std::optional<protocol::Code> Admit(const Entry& entry);
  // The answer that needs no look at entries: the ledger refuses this add.
  std::optional<protocol::Code> Refuse(const Entry& entry, const LedgerState* known) const;
  protocol::Code Insert(const Entry& entry);
  protocol::Code CompareWith(const Entry& entry, std::string_view kept);
  void Resolve(const DuplicateLookups::Waiting& add, const protocol::EntryAnswer& stored);
  void Reply(std::vector<protocol::Code> codes, common::Callback<std::vector<protocol::Code>> done);

  ShardCore& core_;
  DuplicateLookups lookups_;
  std::uint64_t conflicts_ = 0;
};

}  // namespace quire::bookie
