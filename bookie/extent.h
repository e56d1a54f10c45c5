#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bookie/segment_format.h"
#include "common/error.h"
#include "protocol/ids.h"

namespace quire::bookie {

// Where the record of an entry begins, and how long the entry is.
struct EntryLocation {
  SegmentId segment = 0;
  std::uint64_t offset = 0;
  std::uint32_t length = 0;

  std::uint64_t end() const { return offset + kRecordHeaderBytes + length; }
  bool operator==(const EntryLocation&) const = default;
};

struct ExtentEntry {
  protocol::EntryId id;
  std::uint32_t length = 0;

  bool operator==(const ExtentEntry&) const = default;
};

// Records of one ledger that lie one behind the other in one segment, ids ascending and, because of
// striping, not necessarily without gaps. The unit of the index.
class Extent {
 public:
  static constexpr std::size_t kMaxEntries = 256;

  Extent(SegmentId segment, std::uint64_t offset) : segment_(segment), offset_(offset) {}

  // The record that follows the last one; its id is higher.
  void Append(ExtentEntry entry);
  // Where a look-up ended: the next one, of a higher id, goes on there.
  struct Cursor {
    std::size_t index = 0;
    std::uint64_t skipped = 0;  // bytes of the records before it
  };
  std::optional<EntryLocation> Find(protocol::EntryId id, Cursor& cursor) const;
  std::optional<EntryLocation> Find(protocol::EntryId id) const {
    Cursor cursor;
    return Find(id, cursor);
  }

  SegmentId segment() const { return segment_; }
  std::uint64_t offset() const { return offset_; }
  std::uint64_t bytes() const { return bytes_; }  // of its records
  std::uint64_t end() const { return offset_ + bytes_; }
  const std::vector<ExtentEntry>& entries() const { return entries_; }
  protocol::EntryId first() const { return entries_.front().id; }
  protocol::EntryId last() const { return entries_.back().id; }

  bool operator==(const Extent&) const = default;

  // The value stored for it: segment, offset, count, length of the first, then for each further
  // entry the ids left out before it and its length, all varints. The first id is in the key.
  std::string Encode() const;
  // Untrusted bytes; kCorrupt when they make no sense.
  static common::Result<Extent> Decode(protocol::EntryId first, std::string_view value);

 private:
  SegmentId segment_;
  std::uint64_t offset_;
  std::uint64_t bytes_ = 0;
  std::vector<ExtentEntry> entries_;
};

}  // namespace quire::bookie
