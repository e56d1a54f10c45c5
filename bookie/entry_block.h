#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/ids.h"

namespace quire::bookie {

// Stored entries of one ledger, every byte of them checked, in one piece of memory.
struct EntryBlock {
  struct Item {
    protocol::EntryId id;
    std::uint32_t offset = 0;  // of the encoded entry in `bytes`
    std::uint32_t length = 0;
  };

  protocol::LedgerId ledger;
  std::vector<Item> items;  // ids ascending, and perhaps with gaps between them
  std::string bytes;

  bool empty() const { return items.empty(); }
  protocol::EntryId first() const { return items.front().id; }
  std::size_t memory() const { return bytes.capacity() + items.capacity() * sizeof(Item); }

  std::optional<std::string_view> Find(protocol::EntryId id) const {
    const auto item = std::ranges::lower_bound(items, id, {}, &Item::id);
    if (item == items.end() || item->id != id) return std::nullopt;
    return std::string_view(bytes).substr(item->offset, item->length);
  }
};

}  // namespace quire::bookie
