#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bookie/write_cache_arena.h"
#include "bookie/write_cache_entries.h"
#include "protocol/ids.h"

namespace quire::bookie {

// One half of the write cache: copies of acknowledged entries until a segment holds them. Changed
// by the loop thread only and not at all while a worker writes it out; then the worker may use
// Sorted and what it returns while the loop goes on finding.
class WriteCache {
 public:
  using Ledgers = std::unordered_map<protocol::LedgerId, LedgerEntries>;

  explicit WriteCache(ChunkPool& pool) : arena_(pool) {}
  WriteCache(const WriteCache&) = delete;
  WriteCache& operator=(const WriteCache&) = delete;

  // Keeps a copy. Of two entries with the same ids the last counts; the memory of the other comes
  // back with Clear.
  void Add(protocol::LedgerId ledger, protocol::EntryId entry, std::string_view bytes,
           Copies copies = Copies::kPerhaps);

  // The bytes stay where they are until Clear or Forget.
  std::optional<std::string_view> Find(protocol::LedgerId ledger, protocol::EntryId entry) const;
  const LedgerEntries* FindLedger(protocol::LedgerId ledger) const;

  // The ledger was deleted. Its memory comes back with Clear.
  void Forget(protocol::LedgerId ledger);

  // Empties the half. The returned tables are garbage: with many ledgers freeing them takes
  // milliseconds, which the caller moves off the loop.
  Ledgers Clear();

  // The ledgers in ascending order, for the worker.
  std::vector<std::pair<protocol::LedgerId, const LedgerEntries*>> Sorted() const;

  bool empty() const { return ledgers_.empty(); }
  // What the entries take, with the tables that find them: decides when the half is full.
  std::size_t bytes() const { return arena_.used() + tables_; }
  // The memory behind it.
  std::size_t memory() const { return arena_.reserved() + tables_; }

 private:
  // A hash node and its share of the bucket array.
  static constexpr std::size_t kLedgerBytes = sizeof(Ledgers::value_type) + 4 * sizeof(void*);

  Arena arena_;
  Ledgers ledgers_;
  std::size_t tables_ = 0;
  // The ledger added to last: a batch of adds is mostly of one.
  Ledgers::value_type* last_ = nullptr;
};

}  // namespace quire::bookie
