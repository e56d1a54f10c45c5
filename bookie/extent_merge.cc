#include "bookie/extent_merge.h"

#include <utility>

namespace quire::bookie {

using protocol::EntryId;

bool ExtentMerge::Pass(const Extent& old) {
  while (!fresh_.empty() && fresh_.front().id < old.first()) TakeFresh();
  broken_ = true;
  if (fresh_.empty() || fresh_.front().id > old.last()) return false;
  std::uint64_t offset = old.offset();
  for (const ExtentEntry& entry : old.entries()) {
    while (!fresh_.empty() && fresh_.front().id < entry.id) TakeFresh();
    if (!fresh_.empty() && fresh_.front().id == entry.id) {
      duplicate_bytes_ += kRecordHeaderBytes + fresh_.front().length;
      fresh_ = fresh_.subspan(1);
    }
    Add(old.segment(), {.id = entry.id, .offset = offset, .length = entry.length});
    offset += kRecordHeaderBytes + entry.length;
  }
  broken_ = true;
  return true;
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
