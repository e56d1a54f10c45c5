#include "bookie/index_format.h"

#include "common/bytes.h"
#include "common/crc32c.h"

namespace quire::bookie {

using common::Errc;
using common::Fail;
using common::Result;
using protocol::EntryId;
using protocol::LedgerId;

namespace {

enum StateFlag : std::uint8_t { kFenced = 1, kLimbo = 2, kDeleted = 4, kAllFlags = 7 };

std::string NumberKey(char kind, std::uint64_t number) {
  std::string key(1, kind);
  common::AppendBig(key, number);
  return key;
}

}  // namespace

std::string ExtentPrefix(LedgerId ledger) {
  return NumberKey(kExtentKind, static_cast<std::uint64_t>(ledger.value()));
}

std::string ExtentKey(LedgerId ledger, EntryId first) {
  std::string key = ExtentPrefix(ledger);
  common::AppendBig(key, first.value());
  return key;
}

std::optional<LedgerId> ParseExtentLedger(std::string_view key) {
  if (key.size() != kExtentPrefixBytes + 8 || key.front() != kExtentKind) return std::nullopt;
  return LedgerId(common::LoadBig<std::int64_t>(key.data() + 1));
}

std::optional<EntryId> ParseExtentKey(std::string_view key, LedgerId ledger) {
  if (key.size() != kExtentPrefixBytes + 8 || !key.starts_with(ExtentPrefix(ledger))) {
    return std::nullopt;
  }
  return EntryId(common::LoadBig<std::int64_t>(key.data() + kExtentPrefixBytes));
}

std::string StateKey(LedgerId ledger) {
  return NumberKey('L', static_cast<std::uint64_t>(ledger.value()));
}

std::string SegmentKey(SegmentId segment) {
  return NumberKey('S', segment);
}

std::string TombstoneKey(std::int64_t block) {
  return NumberKey('T', static_cast<std::uint64_t>(block));
}

std::optional<std::uint64_t> ParseNumberKey(std::string_view key, char kind) {
  if (key.size() != 9 || key.front() != kind) return std::nullopt;
  return common::LoadBig<std::uint64_t>(key.data() + 1);
}

std::string SealValue(std::string_view key, std::string_view content) {
  std::string value;
  value.reserve(4 + content.size());
  common::AppendBig(value, common::Crc32c(content, common::Crc32c(key)));
  value.append(content);
  return value;
}

Result<std::string_view> OpenValue(std::string_view key, std::string_view value) {
  if (value.size() < 4 || common::LoadBig<std::uint32_t>(value.data()) !=
                              common::Crc32c(value.substr(4), common::Crc32c(key))) {
    return Fail(Errc::kCorrupt, "index value fails its checksum");
  }
  return value.substr(4);
}

std::string EncodeState(const LedgerState& state) {
  std::string content;
  content.push_back(static_cast<char>((state.fenced ? kFenced : 0) | (state.limbo ? kLimbo : 0) |
                                      (state.deleted ? kDeleted : 0)));
  content.append(protocol::ToBytes(state.key));
  common::AppendBig(content, state.last_entry.value());
  common::AppendBig(content, state.lac.value());
  return content;
}

Result<LedgerState> DecodeState(std::string_view content) {
  common::ByteReader reader(content);
  const auto flags = reader.Big<std::uint8_t>();
  const auto key = reader.Bytes(16);
  const auto last_entry = reader.Big<std::int64_t>();
  const auto lac = reader.Big<std::int64_t>();
  const bool sane = flags && lac && reader.rest().empty() && *flags <= kAllFlags &&
                    *last_entry >= -1 && *lac >= -1;
  if (!sane) return Fail(Errc::kCorrupt, "ledger state makes no sense");
  return LedgerState{.key = *protocol::FromBytes<protocol::LedgerKey>(*key),
                     .fenced = (*flags & kFenced) != 0,
                     .limbo = (*flags & kLimbo) != 0,
                     .deleted = (*flags & kDeleted) != 0,
                     .last_entry = EntryId(*last_entry),
                     .lac = EntryId(*lac)};
}

std::string EncodeTombstones(const Tombstones::Bits& bits) {
  std::string content;
  for (const std::uint64_t word : bits) common::AppendBig(content, word);
  return content;
}

Result<Tombstones::Bits> DecodeTombstones(std::string_view content) {
  common::ByteReader reader(content);
  Tombstones::Bits bits{};
  for (std::uint64_t& word : bits) {
    const auto read = reader.Big<std::uint64_t>();
    if (!read) return Fail(Errc::kCorrupt, "tombstones are cut short");
    word = *read;
  }
  if (!reader.rest().empty() || Tombstones::Count(bits) == 0) {
    return Fail(Errc::kCorrupt, "tombstones make no sense");
  }
  return bits;
}

std::string EncodeSpace(const SegmentSpace& space) {
  std::string content;
  common::AppendBig(content, space.total);
  common::AppendBig(content, space.live);
  return content;
}

Result<SegmentSpace> DecodeSpace(std::string_view content) {
  common::ByteReader reader(content);
  const auto total = reader.Big<std::uint64_t>();
  const auto live = reader.Big<std::uint64_t>();
  if (!live || !reader.rest().empty() || *live > *total) {
    return Fail(Errc::kCorrupt, "segment record makes no sense");
  }
  return SegmentSpace{.total = *total, .live = *live};
}

std::string EncodeCommit(const CommitRecord& commit) {
  std::string content;
  common::AppendBig(content, kIndexVersion);
  common::AppendBig(content, commit.stored);
  common::AppendBig(content, commit.next_segment);
  const bool undeleted = commit.undeleted_below > 0;
  if (commit.limbo_floor > LedgerId(0) || undeleted) {
    common::AppendBig(content, commit.limbo_floor.value());
  }
  if (!commit.bookie.is_nil() || undeleted) content += protocol::ToBytes(commit.bookie);
  if (undeleted) common::AppendBig(content, commit.undeleted_below);
  return content;
}

Result<CommitRecord> DecodeCommit(std::string_view content) {
  common::ByteReader reader(content);
  const auto version = reader.Big<std::uint32_t>();
  if (version && *version != kIndexVersion) {
    return Fail(Errc::kUnsupported, "index of version " + std::to_string(*version) +
                                        "; this program knows version " +
                                        std::to_string(kIndexVersion));
  }
  const auto stored = reader.Big<std::uint64_t>();
  const auto next_segment = reader.Big<std::uint64_t>();
  // Of the further fields each of the first two may be missing, and the lengths tell which; with
  // the third one both are there.
  const std::size_t rest = next_segment ? reader.rest().size() : 0;
  const bool undeleted = rest == 8 + 16 + 8;
  const bool rebuilt = rest % 16 == 8 || undeleted;
  const bool owned = rest >= 16;
  const auto floor = rebuilt ? reader.Big<std::int64_t>() : std::int64_t{0};
  const auto id = owned ? reader.Bytes(16) : std::nullopt;
  const auto bookie =
      id ? protocol::FromBytes<protocol::BookieId>(*id) : std::optional(protocol::BookieId{});
  const auto below = undeleted ? reader.Big<std::uint64_t>() : std::uint64_t{0};
  const bool sane = next_segment && floor && *floor >= 0 && bookie && below &&
                    reader.rest().empty() && (*below > 0) == undeleted &&
                    (undeleted || ((*floor > 0) == rebuilt && bookie->is_nil() != owned));
  if (!sane) return Fail(Errc::kCorrupt, "commit record makes no sense");
  return CommitRecord{.stored = *stored,
                      .next_segment = *next_segment,
                      .limbo_floor = LedgerId(*floor),
                      .bookie = *bookie,
                      .undeleted_below = *below};
}

}  // namespace quire::bookie
