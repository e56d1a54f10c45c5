#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "protocol/ids.h"

namespace quire::bookie {

struct CachedEntry {
  protocol::EntryId id;
  const char* data;
  std::uint32_t size;

  std::string_view bytes() const { return {data, size}; }
};

// Whether the index may already hold an entry that comes into the cache.
enum class Copies : std::uint8_t {
  kPerhaps,
  kNone,  // its id is above all that was ever stored of the ledger
};

// The cached entries of one ledger, ascending. Blocks of bounded size keep an insertion anywhere
// cheap: a repair may fill a gap below thousands of entries. Appending, the usual case, is O(1) and
// leaves full blocks behind. Not synchronised; const calls may run beside each other.
class LedgerEntries {
 public:
  // Takes the place of the entry that has the same id.
  void Insert(const CachedEntry& entry, Copies copies = Copies::kPerhaps);

  const CachedEntry* Find(protocol::EntryId id) const;

  template <typename Visit>
  void ForEach(Visit&& visit) const {
    for (const Block& block : blocks_) {
      for (const CachedEntry& entry : block) visit(entry);
    }
  }

  // As above from the first id that is not below `from`.
  template <typename Visit>
  void ForEachFrom(protocol::EntryId from, Visit&& visit) const {
    for (std::size_t b = BlockOf(from); b < blocks_.size(); ++b) {
      for (auto it = LowerBound(blocks_[b], from); it != blocks_[b].end(); ++it) visit(*it);
    }
  }

  // kNone: the index has none of these entries, and none between them.
  Copies copies() const { return copies_; }
  std::size_t size() const { return size_; }
  std::size_t memory() const { return memory_; }  // without the entries' bytes

 private:
  static constexpr std::size_t kBlockEntries = 256;
  using Block = std::vector<CachedEntry>;  // never empty

  static Block::const_iterator LowerBound(const Block& block, protocol::EntryId id) {
    return std::ranges::lower_bound(block, id, {}, &CachedEntry::id);
  }
  std::size_t BlockOf(protocol::EntryId id) const;  // the last that begins at or below id, else 0
  void Append(const CachedEntry& entry);
  void CountMemory();

  std::vector<Block> blocks_;
  std::size_t size_ = 0;
  std::size_t memory_ = 0;
  Copies copies_ = Copies::kNone;
};

}  // namespace quire::bookie
