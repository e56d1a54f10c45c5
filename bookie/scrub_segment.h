#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bookie/extent.h"
#include "bookie/index_format.h"
#include "bookie/store_core.h"
#include "common/aligned_buffer.h"
#include "common/disk.h"
#include "common/error.h"
#include "protocol/ids.h"

namespace quire::bookie {

// Something that is not as it was written.
struct ScrubFinding {
  bool unused = false;  // no entry lies there: nothing is lost
  std::string file;
  std::string what;
  // Entries that this bookie cannot serve.
  std::optional<protocol::LedgerId> ledger = {};
  std::optional<std::pair<protocol::EntryId, protocol::EntryId>> entries = {};  // first and last
};

// Reads one live segment as the disk has it, past the page cache, from front to back, and verifies
// header, records, the entries in them and footer. If all records verify and the index leads to as
// many live bytes as it counts, that was all. Else each extent that lies in the segment is read by
// itself, so that what is said is which entries are concerned; damage that none of them meets is in
// data that were deleted. Blocking, a step at a time; worker of the scrub.
class SegmentScrub {
 public:
  SegmentScrub(StoreCore& core, SegmentId id) : core_(core), id_(id) {}

  enum class Progress {
    kMore,
    kDone,
    kGone,  // nothing in it was live any more
  };
  // Reads about so many bytes, and passes so many keys of the index at most. An error is one of the
  // index.
  common::Result<Progress> Step(std::uint64_t bytes, std::size_t keys);

  std::uint64_t bytes() const { return bytes_; }  // read so far, of the segment and of the index
  std::vector<ScrubFinding> TakeFindings() { return std::exchange(findings_, {}); }

 private:
  enum class Phase { kOpen, kRecords, kExtents, kDone };

  common::Result<Progress> Advance(std::uint64_t bytes, std::size_t keys);
  common::Result<Progress> Open();
  common::Result<void> ReadRecords(std::uint64_t bytes);
  // False: a record does not verify.
  common::Result<bool> TakeRecords();
  common::Result<void> EndRecords();
  common::Result<void> CheckExtents(std::uint64_t bytes, std::size_t keys);
  void CheckExtent(protocol::LedgerId ledger, const Extent& extent);
  bool CheckRecord(std::string_view bytes, protocol::LedgerId ledger,
                   protocol::EntryId entry) const;

  // What the index counts for the segment; nothing: it does not know it any more.
  common::Result<std::optional<SegmentSpace>> Space() const;
  // Valid until the next call; nothing: they cannot be read.
  std::optional<std::string_view> Read(std::uint64_t offset, std::uint64_t bytes);
  void Find(bool unused, std::string what);

  StoreCore& core_;
  const SegmentId id_;
  const std::uint32_t seed_ = RecordSeed(id_);
  Phase phase_ = Phase::kOpen;
  std::unique_ptr<common::File> file_;
  common::AlignedBuffer buffer_;
  std::uint64_t bytes_ = 0;
  std::vector<ScrubFinding> findings_;
  // Of the records.
  std::uint64_t end_ = 0;
  std::uint64_t read_ = kSegmentHeaderBytes;    // up to here the file was read
  std::uint64_t offset_ = kSegmentHeaderBytes;  // of the front of window_
  std::string window_;
  std::uint64_t live_bytes_ = 0;  // that the index leads to
  // Of the extents.
  std::optional<std::uint64_t> bad_;  // where the first record is that does not verify
  std::string next_key_;
  bool lost_ = false;  // entries are
};

}  // namespace quire::bookie
