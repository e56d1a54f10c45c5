#include "bookie/write_cache_entries.h"

#include <iterator>
#include <utility>

namespace quire::bookie {

using protocol::EntryId;

void LedgerEntries::Insert(const CachedEntry& entry, Copies copies) {
  if (copies == Copies::kPerhaps) copies_ = copies;
  if (blocks_.empty() || blocks_.back().back().id < entry.id) {
    Append(entry);
    ++size_;
    return;
  }
  std::size_t b = BlockOf(entry.id);
  auto place = LowerBound(blocks_[b], entry.id);
  if (place != blocks_[b].end() && place->id == entry.id) {
    blocks_[b][static_cast<std::size_t>(place - blocks_[b].cbegin())] = entry;
    return;
  }
  if (blocks_[b].size() == kBlockEntries) {
    const auto middle = blocks_[b].begin() + kBlockEntries / 2;
    Block upper(middle, blocks_[b].end());
    blocks_[b].erase(middle, blocks_[b].end());
    blocks_.insert(blocks_.begin() + static_cast<std::ptrdiff_t>(b) + 1, std::move(upper));
    if (blocks_[b].back().id < entry.id) ++b;
    place = LowerBound(blocks_[b], entry.id);
  }
  blocks_[b].insert(place, entry);
  ++size_;
  CountMemory();
}

void LedgerEntries::Append(const CachedEntry& entry) {
  if (blocks_.empty() || blocks_.back().size() == kBlockEntries) {
    // The first block grows as it must, since most ledgers may be small; the next ones will fill.
    const bool first = blocks_.empty();
    blocks_.emplace_back();
    blocks_.back().reserve(first ? 2 : kBlockEntries);
    blocks_.back().push_back(entry);
    return CountMemory();
  }
  Block& block = blocks_.back();
  const std::size_t before = block.capacity();
  block.push_back(entry);
  memory_ += (block.capacity() - before) * sizeof(CachedEntry);
}

const CachedEntry* LedgerEntries::Find(EntryId id) const {
  if (blocks_.empty()) return nullptr;
  const Block& block = blocks_[BlockOf(id)];
  const auto it = LowerBound(block, id);
  return it != block.end() && it->id == id ? &*it : nullptr;
}

std::size_t LedgerEntries::BlockOf(EntryId id) const {
  const auto after = std::ranges::upper_bound(blocks_, id, {},
                                              [](const Block& block) { return block.front().id; });
  return after == blocks_.begin() ? 0 : static_cast<std::size_t>(after - blocks_.begin()) - 1;
}

void LedgerEntries::CountMemory() {
  memory_ = blocks_.capacity() * sizeof(Block);
  for (const Block& block : blocks_) memory_ += block.capacity() * sizeof(CachedEntry);
}

}  // namespace quire::bookie
