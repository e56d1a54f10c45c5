#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "bookie/entry_block.h"
#include "protocol/ids.h"

namespace quire::bookie {

// Blocks of stored entries, bounded in bytes; the block least recently used goes first. Entries
// never change, so nothing here is ever stale: a ledger's blocks go with the ledger (Forget). Only
// what is there is known here; an absence says nothing. One thread.
class ReadCache {
 public:
  // Told of a block that goes without having been of use to anybody. Calls back nothing here.
  using Wasted = std::function<void(const EntryBlock&)>;

  ReadCache(std::size_t max_bytes, Wasted wasted)
      : max_bytes_(max_bytes), wasted_(std::move(wasted)) {}
  ReadCache(const ReadCache&) = delete;
  ReadCache& operator=(const ReadCache&) = delete;

  // Good until the next Put or Forget. The block counts as used.
  std::optional<std::string_view> Find(protocol::LedgerId ledger, protocol::EntryId entry);

  // The same without counting as use.
  bool Has(protocol::LedgerId ledger, protocol::EntryId entry) const;

  void Put(EntryBlock block);
  void Forget(protocol::LedgerId ledger);

  std::size_t bytes() const { return bytes_; }
  std::size_t max_bytes() const { return max_bytes_; }

 private:
  struct Kept {
    EntryBlock block;
    bool used = false;
  };
  using Blocks = std::list<Kept>;  // the most recently used first
  using ByFirst = std::map<protocol::EntryId, Blocks::iterator>;

  // The block that has the entry, if there is one, and the entry.
  struct Place {
    Blocks::iterator kept;
    std::string_view bytes;
  };
  std::optional<Place> Locate(protocol::LedgerId ledger, protocol::EntryId entry) const;
  void Evict();

  const std::size_t max_bytes_;
  const Wasted wasted_;
  Blocks blocks_;
  std::unordered_map<protocol::LedgerId, ByFirst> ledgers_;
  std::size_t bytes_ = 0;
};

}  // namespace quire::bookie
