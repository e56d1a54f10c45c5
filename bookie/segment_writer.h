#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "bookie/segment_format.h"
#include "common/aligned_buffer.h"
#include "common/disk.h"
#include "common/error.h"

namespace quire::bookie {

// Writes one segment file from front to back in large aligned pieces. Space for all of it is taken
// before the first byte, so that a full disk is found early. Until Finish returns the file may be
// missing, short or torn after a crash; the index does not know it then, and the next start puts
// it into quarantine. A writer that goes without having finished removes it. Flush worker.
class SegmentWriter {
 public:
  // kDiskFull when the disk has no room.
  static common::Result<std::unique_ptr<SegmentWriter>> Create(common::Disk& disk, SegmentId id,
                                                               std::uint64_t record_bytes);

  ~SegmentWriter();
  SegmentWriter(const SegmentWriter&) = delete;
  SegmentWriter& operator=(const SegmentWriter&) = delete;

  common::Result<void> Append(std::string_view entry);

  // The file and its name are durable when this returns; the records appended are as many bytes as
  // Create was told.
  common::Result<void> Finish();

 private:
  SegmentWriter(common::Disk& disk, SegmentId id, std::uint64_t record_bytes,
                std::unique_ptr<common::File> file);
  common::Result<void> WriteBlocks();

  common::Disk& disk_;
  const SegmentId id_;
  const std::uint32_t seed_;
  const std::uint64_t expected_;
  const std::unique_ptr<common::File> file_;
  common::AlignedBuffer buffer_;
  std::uint64_t offset_ = 0;  // of the buffer in the file
  SegmentFooter written_;
  bool finished_ = false;
};

}  // namespace quire::bookie
