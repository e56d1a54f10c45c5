// What a segment file is made of. Input: the segment's id, a byte that says whether the checksum is
// made right first (odd), then the bytes: taken for a header block, a footer block and a record.

#include <string>

#include "bookie/segment_files.h"
#include "bookie/segment_format.h"
#include "common/bytes.h"
#include "common/check.h"
#include "common/crc32c.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/input.h"
#include "tests/support/sim_disk.h"

namespace quire::fuzz {
namespace {

using bookie::SegmentId;

constexpr std::size_t kCrcBytes = 4;
constexpr std::size_t kHeaderCovered = 8 + 4 + 8;
constexpr std::size_t kFooterCovered = 8 + 3 * 8;

// The bytes with the checksum of the first `covered` behind them.
std::string SealBlock(std::string_view bytes, std::size_t covered) {
  std::string block(bytes);
  if (block.size() >= covered + kCrcBytes) {
    common::StoreBig(block.data() + covered,
                     common::Crc32c(std::string_view(block).substr(0, covered)));
  }
  return block;
}

void CheckHeader(SegmentId id, const std::string& block) {
  const auto sound = bookie::CheckSegmentHeader(id, block);
  if (sound) {
    common::AlignedBuffer again;
    bookie::AppendSegmentHeader(id, again);
    QUIRE_CHECK(again.view().starts_with(block.substr(0, kHeaderCovered + kCrcBytes)));
    QUIRE_CHECK(!bookie::CheckSegmentHeader(id + 1, block));
  }
  // A file that begins so can be opened, or not, for the same reason.
  testing::SimDisk disk;
  auto file = disk.Open(bookie::SegmentName(id), {.create = true});
  QUIRE_CHECK(file && (block.empty() || (*file)->Write(0, block)));
  bookie::SegmentFiles files(disk);
  files.Add(id);
  const auto opened = files.Open(id);
  const bool whole = block.size() <= bookie::kSegmentHeaderBytes;
  if (whole) QUIRE_CHECK(opened.has_value() == sound.has_value());
  if (opened) QUIRE_CHECK((*opened)->seed == bookie::RecordSeed(id));
}

void CheckFooter(SegmentId id, const std::string& block) {
  const auto footer = bookie::ParseSegmentFooter(id, block);
  if (!footer) return;
  common::AlignedBuffer again;
  bookie::AppendSegmentFooter(id, *footer, again);
  QUIRE_CHECK(again.view().starts_with(block.substr(0, kFooterCovered + kCrcBytes)));
  QUIRE_CHECK(!bookie::ParseSegmentFooter(id + 1, block));
}

void CheckRecord(SegmentId id, std::string record, bool seal) {
  const std::uint32_t seed = bookie::RecordSeed(id);
  if (seal && record.size() >= bookie::kRecordHeaderBytes) {
    const std::string_view covered = std::string_view(record).substr(kCrcBytes);
    common::StoreBig(record.data(), common::Crc32c(covered, seed));
  }
  const auto entry = bookie::OpenRecord(seed, record);
  if (!entry) return;
  common::AlignedBuffer again;
  bookie::AppendRecord(seed, *entry, again);
  QUIRE_CHECK(again.view() == record);
  // The record of another segment that stands here is not taken for ours, nor is a cut one.
  const std::uint32_t other = bookie::RecordSeed(id + 1);
  QUIRE_CHECK(other != seed && !bookie::OpenRecord(other, record));
  QUIRE_CHECK(!bookie::OpenRecord(seed, record.substr(0, record.size() - 1)));
}

}  // namespace

void Run(std::string_view input) {
  Input in(input);
  const auto id = in.Number<SegmentId>();
  const bool seal = in.Byte() % 2 == 1;
  const std::string bytes(in.rest());
  CheckHeader(id, seal ? SealBlock(bytes, kHeaderCovered) : bytes);
  CheckFooter(id, seal ? SealBlock(bytes, kFooterCovered) : bytes);
  CheckRecord(id, bytes, seal);
}

}  // namespace quire::fuzz
