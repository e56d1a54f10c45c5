#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bookie/segment_format.h"
#include "common/disk.h"
#include "common/error.h"
#include "protocol/entry.h"

namespace quire::bookie {

// Reads one segment file from front to back without the index, believing nothing, and goes on
// behind damage. Blocking; memory for a few MiB.
class OfflineSegment {
 public:
  // Bytes of the file that are not what a segment has there.
  struct Damage {
    enum class Part { kHeader, kRecords, kFooter };
    Part part = Part::kRecords;
    std::uint64_t offset = 0;
    std::uint64_t end = 0;
    std::string what = {};
  };

  struct Visitor {
    // A record that verifies, with its offset.
    std::function<void(const protocol::EntryHeader& entry, std::uint64_t offset,
                       std::uint32_t length)>
        record = {};
    std::function<void(Damage)> damage = {};
    std::function<void(std::uint64_t bytes)> progress = {};  // so many more were read
  };

  // `file_bytes`: what the file has. `record_bytes`: what the index says, if it says anything; used
  // where the footer is of no use.
  OfflineSegment(const common::File& file, SegmentId id, std::uint64_t file_bytes,
                 std::optional<std::uint64_t> record_bytes, const Visitor& visitor)
      : file_(file),
        id_(id),
        file_bytes_(file_bytes),
        record_bytes_(record_bytes),
        visitor_(visitor) {}

  // An error: the file could not be read to the end.
  common::Result<void> Read();

 private:
  common::Result<void> ReadEnds();
  common::Result<void> ReadRecords();
  common::Result<void> CheckPadding();
  // Makes the window hold at least so many bytes from `offset_` on, if the records go that far.
  common::Result<void> Fill(std::size_t bytes);
  std::string_view window() const { return std::string_view(window_).substr(begin_); }
  void Advance(std::size_t bytes);
  bool PlausibleAt(std::string_view bytes) const;
  std::optional<protocol::EntryHeader> RecordAt(std::string_view bytes) const;
  // How far to go on from a record that does not verify.
  std::size_t DamagedRecordBytes(std::string_view bytes) const;
  void Report(Damage::Part part, std::uint64_t offset, std::uint64_t end, std::string what);

  const common::File& file_;
  const SegmentId id_;
  const std::uint32_t seed_ = RecordSeed(id_);
  const std::uint64_t file_bytes_;
  const std::optional<std::uint64_t> record_bytes_;
  const Visitor& visitor_;

  std::optional<SegmentFooter> footer_;
  std::uint64_t end_ = 0;  // of the records
  std::uint64_t records_ = 0;
  bool damaged_ = false;
  std::uint64_t offset_ = 0;  // in the file, of the first byte of the window that is not used up
  std::string window_;
  std::size_t begin_ = 0;  // of what is not used up
};

// The footer, read by itself.
common::Result<SegmentFooter> ReadSegmentFooter(const common::File& file, SegmentId id,
                                                std::uint64_t file_bytes);

// The record at this place is one of the segment and has that entry.
bool RecordIsThere(const common::File& file, SegmentId segment, std::uint64_t offset,
                   std::uint32_t length, protocol::LedgerId ledger, protocol::EntryId entry);

}  // namespace quire::bookie
