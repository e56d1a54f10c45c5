#include "bookie/segment_format.h"

#include <cstring>

#include "common/bytes.h"
#include "common/crc32c.h"
#include "common/hex_digits.h"

namespace quire::bookie {

using common::Errc;
using common::Fail;
using common::Result;

namespace {

constexpr std::string_view kHeaderMagic = "QUIRESEG";
constexpr std::string_view kFooterMagic = "QUIREEND";
constexpr std::string_view kPrefix = "segment-";
constexpr std::string_view kSuffix = ".seg";

std::uint64_t RoundUp(std::uint64_t bytes) {
  return (bytes + common::kDiskBlockBytes - 1) / common::kDiskBlockBytes * common::kDiskBlockBytes;
}

void AppendBlock(std::string fields, common::AlignedBuffer& out) {
  common::AppendBig(fields, common::Crc32c(fields));
  fields.resize(common::kDiskBlockBytes);
  out.Append(fields);
}

// The fields of a block after its magic, without the CRC that closes them.
Result<common::ByteReader> OpenBlock(std::string_view block, std::string_view magic,
                                     std::size_t field_bytes) {
  const std::size_t covered = magic.size() + field_bytes;
  if (block.size() < covered + 4 || !block.starts_with(magic)) {
    return Fail(Errc::kCorrupt, "not a block of a segment");
  }
  if (common::ByteReader(block.substr(covered)).Big<std::uint32_t>() !=
      common::Crc32c(block.substr(0, covered))) {
    return Fail(Errc::kCorrupt, "block of a segment fails its checksum");
  }
  return common::ByteReader(block.substr(magic.size(), field_bytes));
}

}  // namespace

std::string SegmentName(SegmentId id) {
  return std::string(kPrefix).append(common::HexDigits(id)).append(kSuffix);
}

std::optional<SegmentId> ParseSegmentName(std::string_view name) {
  if (name.size() != kPrefix.size() + common::kHexDigits + kSuffix.size() ||
      !name.starts_with(kPrefix) || !name.ends_with(kSuffix)) {
    return std::nullopt;
  }
  return common::ParseHexDigits(name.substr(kPrefix.size(), common::kHexDigits));
}

std::uint64_t SegmentFileBytes(std::uint64_t record_bytes) {
  return kSegmentHeaderBytes + RoundUp(record_bytes) + kSegmentFooterBytes;
}

void AppendSegmentHeader(SegmentId id, common::AlignedBuffer& out) {
  std::string fields(kHeaderMagic);
  common::AppendBig(fields, kSegmentVersion);
  common::AppendBig(fields, id);
  AppendBlock(std::move(fields), out);
}

Result<void> CheckSegmentHeader(SegmentId id, std::string_view block) {
  auto fields = OpenBlock(block, kHeaderMagic, 4 + 8);
  if (!fields) return Fail(std::move(fields).error());
  const auto version = fields->Big<std::uint32_t>();
  if (version != kSegmentVersion) {
    return Fail(Errc::kUnsupported, "segment of version " + std::to_string(*version));
  }
  if (fields->Big<SegmentId>() != id) return Fail(Errc::kCorrupt, "header of another segment");
  return {};
}

void AppendSegmentFooter(SegmentId id, const SegmentFooter& footer, common::AlignedBuffer& out) {
  std::string fields(kFooterMagic);
  common::AppendBig(fields, id);
  common::AppendBig(fields, footer.records);
  common::AppendBig(fields, footer.bytes);
  AppendBlock(std::move(fields), out);
}

Result<SegmentFooter> ParseSegmentFooter(SegmentId id, std::string_view block) {
  auto fields = OpenBlock(block, kFooterMagic, 8 + 8 + 8);
  if (!fields) return Fail(std::move(fields).error());
  if (fields->Big<SegmentId>() != id) return Fail(Errc::kCorrupt, "footer of another segment");
  SegmentFooter footer;
  footer.records = *fields->Big<std::uint64_t>();
  footer.bytes = *fields->Big<std::uint64_t>();
  return footer;
}

std::uint32_t RecordSeed(SegmentId id) {
  char bytes[sizeof(id)];
  common::StoreBig(bytes, id);
  return common::Crc32c({bytes, sizeof(bytes)});
}

void AppendRecord(std::uint32_t seed, std::string_view entry, common::AlignedBuffer& out) {
  char* record = out.Extend(kRecordHeaderBytes + entry.size());
  common::StoreBig(record + 4, static_cast<std::uint32_t>(entry.size()));
  std::memcpy(record + kRecordHeaderBytes, entry.data(), entry.size());
  common::StoreBig(record, common::Crc32c({record + 4, 4 + entry.size()}, seed));
}

std::optional<std::string_view> OpenRecord(std::uint32_t seed, std::string_view record) {
  common::ByteReader reader(record);
  const auto crc = reader.Big<std::uint32_t>();
  const auto length = reader.Big<std::uint32_t>();
  if (!length || *length != reader.rest().size() ||
      *crc != common::Crc32c(record.substr(sizeof(*crc)), seed)) {
    return std::nullopt;
  }
  return reader.rest();
}

}  // namespace quire::bookie
