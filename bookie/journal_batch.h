#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "bookie/journal.h"
#include "bookie/journal_format.h"
#include "common/aligned_buffer.h"

namespace quire::bookie {

// Records on their way into one write, already in the shape they have on disk. A record gets its
// CRC here, while its bytes are still in the processor's cache, so that the worker, which everybody
// waits for, only completes the header. One thread at a time; reused to keep its memory.
class JournalBatch {
 public:
  // Forgets everything; the next record is `first`.
  void Begin(Lsn first);

  // Copies the parts, one after the other, as one record. Returns the bytes the body grew by.
  std::size_t Append(RecordType type, std::span<const std::string_view> parts);

  // The bytes for a file of that epoch, aligned and padded. Ends the batch: no Append after it.
  std::string_view Seal(std::uint64_t epoch);

  bool empty() const { return header_.records == 0; }
  std::uint32_t records() const { return header_.records; }
  Lsn last() const { return header_.first + header_.records - 1; }
  std::uint64_t body_bytes() const { return buffer_.size() - kBatchHeaderBytes; }
  // On disk; valid until Seal.
  std::uint64_t disk_bytes() const { return BatchDiskBytes(body_bytes()); }

 private:
  BatchHeader header_;
  common::AlignedBuffer buffer_;
};

}  // namespace quire::bookie
