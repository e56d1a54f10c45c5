#include "bookie/extent_merge.h"

#include <utility>

namespace quire::bookie {

using protocol::EntryId;

std::optional<std::uint64_t> ExtentMerge::Pass(const Extent& old) {
  while (!fresh_.empty() && fresh_.front().id < old.first()) TakeFresh();
  broken_ = true;
  if (fresh_.empty() || fresh_.front().id > old.last()) return std::nullopt;
  std::uint64_t offset = old.offset();
  std::uint64_t replaced_bytes = 0;
  for (const ExtentEntry& entry : old.entries()) {
    while (!fresh_.empty() && fresh_.front().id < entry.id) TakeFresh();
    const std::uint64_t bytes = kRecordHeaderBytes + entry.length;
    if (!fresh_.empty() && fresh_.front().id == entry.id) {
      TakeFresh();
      replaced_bytes += bytes;
    } else {
      Add(old.segment(), {.id = entry.id, .offset = offset, .length = entry.length});
    }
    offset += bytes;
  }
  broken_ = true;
  return replaced_bytes;
}

std::vector<Extent> ExtentMerge::Finish() {
  while (!fresh_.empty()) TakeFresh();
  return std::move(extents_);
}

void ExtentMerge::TakeFresh() {
  Add(segment_, fresh_.front());
  fresh_ = fresh_.subspan(1);
}

void ExtentMerge::Add(SegmentId segment, const PlacedEntry& entry) {
  if (broken_ || extents_.back().segment() != segment || extents_.back().end() != entry.offset ||
      extents_.back().entries().size() == Extent::kMaxEntries) {
    extents_.emplace_back(segment, entry.offset);
  }
  broken_ = false;
  extents_.back().Append({.id = entry.id, .length = entry.length});
}

}  // namespace quire::bookie
