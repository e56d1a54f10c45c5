#include "bookie/store_prefetch.h"

#include <span>
#include <vector>

#include "bookie/index_view.h"
#include "protocol/entry.h"

namespace quire::bookie {

namespace {

struct Placed {
  protocol::EntryId id;
  EntryLocation location;
};

// What the index has of the range. After an error: what came before it.
std::vector<Placed> LookUp(StoreCore& core, const ReadAhead::Range& range, std::size_t max_bytes) {
  std::vector<Placed> found;
  std::size_t bytes = 0;
  IndexView view = core.index->View();
  static_cast<void>(view.Scan(range.ledger, range.first, [&](const Extent& extent) {
    std::uint64_t offset = extent.offset();
    for (const ExtentEntry& entry : extent.entries()) {
      const EntryLocation location{extent.segment(), offset, entry.length};
      offset = location.end();
      if (entry.id < range.first) continue;
      if (entry.id >= range.end || bytes >= max_bytes) return false;
      bytes += offset - location.offset;
      found.push_back({.id = entry.id, .location = location});
    }
    return true;
  }));
  return found;
}

// Records that lie side by side, to the end of `block.bytes`.
void Append(const OpenSegment& segment, std::span<const Placed> run, EntryBlock& block) {
  const std::size_t base = block.bytes.size();
  const std::uint64_t begin = run.front().location.offset;
  block.bytes.resize_and_overwrite(
      base + run.back().location.end() - begin, [&](char* bytes, std::size_t size) {
        return base + segment.file->Read(begin, {bytes + base, size - base}).value_or(0);
      });
  for (const Placed& placed : run) {
    const std::size_t at = base + (placed.location.offset - begin);
    const std::size_t size = placed.location.end() - placed.location.offset;
    if (at + size > block.bytes.size()) break;
    const auto entry = OpenRecord(segment.seed, std::string_view(block.bytes).substr(at, size));
    if (!entry || !protocol::VerifyEntry(*entry, block.ledger, placed.id)) continue;
    block.items.push_back({.id = placed.id,
                           .offset = static_cast<std::uint32_t>(entry->data() - block.bytes.data()),
                           .length = static_cast<std::uint32_t>(entry->size())});
  }
}

}  // namespace

EntryBlock ReadBlock(StoreCore& core, const ReadAhead::Range& range, std::size_t max_bytes) {
  EntryBlock block;
  block.ledger = range.ledger;
  const std::vector<Placed> found = LookUp(core, range, max_bytes);
  std::size_t total = 0;
  for (const Placed& placed : found) {
    total += placed.location.end() - placed.location.offset;
  }
  block.bytes.reserve(total);
  block.items.reserve(found.size());
  for (auto first = found.begin(); first != found.end();) {
    auto last = first + 1;
    while (last != found.end() && last->location.segment == first->location.segment &&
           last->location.offset == (last - 1)->location.end()) {
      ++last;
    }
    const auto segment = core.files.Open(first->location.segment);
    if (segment && *segment) Append(**segment, {first, last}, block);
    first = last;
  }
  return block;
}

}  // namespace quire::bookie
