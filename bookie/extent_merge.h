#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "bookie/extent.h"

namespace quire::bookie {

// An entry of a ledger with its place in the segment at hand.
struct PlacedEntry {
  protocol::EntryId id;
  std::uint64_t offset = 0;
  std::uint32_t length = 0;
};

// Turns the new entries of one ledger into extents that keep the invariant of the index: *the id
// ranges [first, last] of a ledger's extents never overlap*. A look-up then needs one extent, the
// last one that begins at or below the id: if the entry is not in that one it is nowhere.
//
// Entries mostly arrive in order and lie behind all old extents. When they do not (recovery and
// repair fill gaps below what was flushed before), the new run is broken at each old extent between
// its ids, and an old extent that has new ids inside its range is cut at them: it is taken out and
// comes back in pieces. Its records stay where they are.
//
// Of an id that both have the new record counts and the old one is garbage. Whoever adds compares
// with a stored copy that can be read, so the old record is the same one (the journal was replayed
// over segments that an index was rebuilt from) or a damaged one that recovery replaces.
class ExtentMerge {
 public:
  // `fresh`: ascending, all in `segment`.
  ExtentMerge(SegmentId segment, std::span<const PlacedEntry> fresh)
      : segment_(segment), fresh_(fresh) {}

  // Takes the ledger's old extents in ascending order, from the last one that begins at or below
  // the first new id, until `done`. Nothing: the extent stays. Otherwise it has to be deleted, its
  // pieces are among the results, and so many bytes of its records are garbage now.
  std::optional<std::uint64_t> Pass(const Extent& old);
  bool done() const { return fresh_.empty(); }

  // After the last old extent.
  std::vector<Extent> Finish();

 private:
  void Add(SegmentId segment, const PlacedEntry& entry);
  void TakeFresh();

  const SegmentId segment_;
  std::span<const PlacedEntry> fresh_;
  std::vector<Extent> extents_;
  bool broken_ = true;  // the next entry begins an extent
};

}  // namespace quire::bookie
