#include "bookie/extent.h"

#include <limits>

#include "common/bytes.h"
#include "common/check.h"
#include "protocol/entry.h"
#include "protocol/limits.h"

namespace quire::bookie {

using common::Errc;
using common::Fail;
using common::Result;
using protocol::EntryId;

void Extent::Append(ExtentEntry entry) {
  QUIRE_CHECK(entries_.size() < kMaxEntries);
  QUIRE_CHECK(entries_.empty() || last() < entry.id);
  bytes_ += kRecordHeaderBytes + entry.length;
  entries_.push_back(entry);
}

std::optional<EntryLocation> Extent::Find(EntryId id, Cursor& cursor) const {
  if (cursor.index >= entries_.size() || entries_[cursor.index].id > id) cursor = {};
  for (; cursor.index < entries_.size(); ++cursor.index) {
    const ExtentEntry& entry = entries_[cursor.index];
    if (entry.id == id) return EntryLocation{segment_, offset_ + cursor.skipped, entry.length};
    if (entry.id > id) break;
    cursor.skipped += kRecordHeaderBytes + entry.length;
  }
  return std::nullopt;
}

std::string Extent::Encode() const {
  std::string value;
  common::AppendVarint(value, segment_);
  common::AppendVarint(value, offset_);
  common::AppendVarint(value, entries_.size());
  common::AppendVarint(value, entries_.front().length);
  for (std::size_t i = 1; i < entries_.size(); ++i) {
    common::AppendVarint(value,
                         static_cast<std::uint64_t>(entries_[i].id - entries_[i - 1].id - 1));
    common::AppendVarint(value, entries_[i].length);
  }
  return value;
}

Result<Extent> Extent::Decode(EntryId first, std::string_view value) {
  constexpr auto kMaxId = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  constexpr std::uint64_t kMaxLength = protocol::kEntryOverheadBytes + protocol::kMaxPayloadBytes;
  const auto corrupt = [] { return Fail(Errc::kCorrupt, "extent makes no sense"); };
  common::ByteReader reader(value);
  const auto segment = reader.Varint();
  const auto offset = reader.Varint();
  const auto count = reader.Varint();
  if (!segment || !offset || !count) return corrupt();
  const bool sane = first.value() >= 0 && *offset >= kSegmentHeaderBytes && *offset <= kMaxId &&
                    *count >= 1 && *count <= kMaxEntries;
  if (!sane) return corrupt();
  Extent extent(*segment, *offset);
  extent.entries_.reserve(*count);
  EntryId id = first;
  for (std::uint64_t i = 0; i < *count; ++i) {
    if (i > 0) {
      const auto skipped = reader.Varint();
      if (!skipped || *skipped >= kMaxId - static_cast<std::uint64_t>(id.value())) return corrupt();
      id = id + static_cast<std::int64_t>(*skipped) + 1;
    }
    const auto length = reader.Varint();
    if (!length || *length < protocol::kEntryOverheadBytes || *length > kMaxLength) {
      return corrupt();
    }
    extent.Append({.id = id, .length = static_cast<std::uint32_t>(*length)});
  }
  if (!reader.rest().empty()) return corrupt();
  return extent;
}

}  // namespace quire::bookie
