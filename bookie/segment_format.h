#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/aligned_buffer.h"
#include "common/disk.h"
#include "common/error.h"

namespace quire::bookie {

// A segment file, written once by one flush and never changed:
//
//   header block   "QUIRESEG" | version u32 | segment id u64 | crc32c u32 | zeros
//   records        crc32c u32 | length u32 | encoded entry      ascending by ledger and entry
//   zeros up to a block boundary
//   footer block   "QUIREEND" | segment id u64 | records u64 | bytes of records u64 | crc32c u32 |
//   zeros
//
// Integers are big-endian; a block is kDiskBlockBytes. The CRC of a record covers length and entry
// and begins with one of the segment id, so that a block of another segment which the disk puts
// here is not taken for ours. Reading goes by the index, which alone decides what is live (T-20);
// header and footer let a tool check a file without it.
inline constexpr std::uint32_t kSegmentVersion = 1;
inline constexpr std::size_t kSegmentHeaderBytes = common::kDiskBlockBytes;
inline constexpr std::size_t kSegmentFooterBytes = common::kDiskBlockBytes;
inline constexpr std::size_t kRecordHeaderBytes = 8;

using SegmentId = std::uint64_t;  // counts the segments of a shard from 1, never reused

// segment-<id as 16 hexadecimal digits>.seg
std::string SegmentName(SegmentId id);
std::optional<SegmentId> ParseSegmentName(std::string_view name);

// The file size for so many bytes of records.
std::uint64_t SegmentFileBytes(std::uint64_t record_bytes);

void AppendSegmentHeader(SegmentId id, common::AlignedBuffer& out);
common::Result<void> CheckSegmentHeader(SegmentId id, std::string_view block);

struct SegmentFooter {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
};
void AppendSegmentFooter(SegmentId id, const SegmentFooter& footer, common::AlignedBuffer& out);
common::Result<SegmentFooter> ParseSegmentFooter(SegmentId id, std::string_view block);

// Where the CRC of the segment's records begins.
std::uint32_t RecordSeed(SegmentId id);
void AppendRecord(std::uint32_t seed, std::string_view entry, common::AlignedBuffer& out);
// The entry of a record as read from the file, exactly as long as the index says; nullopt when the
// check fails.
std::optional<std::string_view> OpenRecord(std::uint32_t seed, std::string_view record);

}  // namespace quire::bookie
