#include "bookie/scrub_segment.h"

#include <algorithm>
#include <span>

#include "bookie/index_view.h"
#include "common/bytes.h"
#include "protocol/entry.h"
#include "protocol/limits.h"

namespace quire::bookie {

using common::Fail;
using common::Result;
using protocol::EntryId;
using protocol::LedgerId;

namespace {

constexpr std::uint64_t kBlock = common::kDiskBlockBytes;
constexpr std::uint64_t kMaxReadBytes = 4 << 20;
constexpr std::size_t kMaxEntryBytes = protocol::kEntryOverheadBytes + protocol::kMaxPayloadBytes;

std::uint64_t BlockDown(std::uint64_t offset) {
  return offset - offset % kBlock;
}
std::uint64_t BlockUp(std::uint64_t offset) {
  return BlockDown(offset + kBlock - 1);
}

}  // namespace

Result<SegmentScrub::Progress> SegmentScrub::Step(std::uint64_t bytes, std::size_t keys) {
  if (!core_.files.Has(id_)) return Progress::kGone;
  const auto progress = Advance(bytes, keys);
  if (core_.files.Has(id_)) return progress;
  findings_.clear();  // a file that goes gets shorter
  return Progress::kGone;
}

Result<SegmentScrub::Progress> SegmentScrub::Advance(std::uint64_t bytes, std::size_t keys) {
  switch (phase_) {
    case Phase::kOpen: return Open();
    case Phase::kRecords: QUIRE_TRY(ReadRecords(bytes)); break;
    case Phase::kExtents: QUIRE_TRY(CheckExtents(bytes, keys)); break;
    case Phase::kDone: break;
  }
  return phase_ == Phase::kDone ? Progress::kDone : Progress::kMore;
}

Result<SegmentScrub::Progress> SegmentScrub::Open() {
  const auto space = Space();
  if (!space) return Fail(space.error());
  if (!*space) return Progress::kGone;
  auto file = core_.disk.Open(SegmentName(id_), {.direct = true});
  if (!file && !core_.files.Has(id_)) return Progress::kGone;
  if (!file) {
    Find(false, "cannot be opened: " + file.error().ToString());
    return Progress::kDone;
  }
  file_ = *std::move(file);
  const auto header = Read(0, kSegmentHeaderBytes);
  const auto sound = header ? CheckSegmentHeader(id_, *header) : Fail(common::Errc::kIo);
  if (!sound) {
    Find(false, "has a damaged header: once it is closed, nothing in it can be read any more");
  }
  end_ = kSegmentHeaderBytes + (*space)->total;
  phase_ = Phase::kRecords;
  return Progress::kMore;
}

Result<void> SegmentScrub::ReadRecords(std::uint64_t bytes) {
  const std::uint64_t to = std::min(BlockUp(end_), read_ + std::max(BlockDown(bytes), kBlock));
  const auto more = Read(read_, to - read_);
  if (more) {
    window_ += more->substr(0, std::min(to, end_) - read_);
    read_ = to;
    const auto sound = TakeRecords();
    if (!sound) return Fail(sound.error());
    if (*sound && read_ < end_) return {};
    if (*sound && window_.empty()) return EndRecords();
  }
  bad_ = offset_;
  window_ = {};
  phase_ = Phase::kExtents;
  return {};
}

Result<bool> SegmentScrub::TakeRecords() {
  IndexView view = core_.index->View();
  std::string_view rest = window_;
  bool sound = true;
  while (sound && rest.size() >= kRecordHeaderBytes) {
    const auto length = common::LoadBig<std::uint32_t>(rest.data() + 4);
    sound = length >= protocol::kEntryOverheadBytes && length <= kMaxEntryBytes;
    if (!sound || rest.size() < kRecordHeaderBytes + length) break;
    const auto entry = OpenRecord(seed_, rest.substr(0, kRecordHeaderBytes + length));
    const auto header = entry ? protocol::VerifyEntry(*entry) : Fail(common::Errc::kCorrupt);
    sound = header.has_value();
    if (!sound) break;
    const auto found = view.Find(header->ledger, header->entry);
    if (!found && found.error().code() != common::Errc::kCorrupt) return Fail(found.error());
    const EntryLocation here{.segment = id_, .offset = offset_, .length = length};
    if (found && *found == here) live_bytes_ += kRecordHeaderBytes + length;
    rest.remove_prefix(kRecordHeaderBytes + length);
    offset_ += kRecordHeaderBytes + length;
  }
  window_.erase(0, window_.size() - rest.size());
  return sound;
}

// What is live only becomes less: all that is now was when its record was read.
Result<void> SegmentScrub::EndRecords() {
  phase_ = Phase::kDone;
  const auto block = Read(BlockUp(end_), kSegmentFooterBytes);
  const auto footer = block ? ParseSegmentFooter(id_, *block) : Fail(common::Errc::kIo);
  if (!footer || kSegmentHeaderBytes + footer->bytes != end_) Find(true, "has no sound footer");
  const auto space = Space();
  if (!space) return Fail(space.error());
  if (*space && (*space)->live > live_bytes_) phase_ = Phase::kExtents;
  return {};
}

Result<void> SegmentScrub::CheckExtents(std::uint64_t bytes, std::size_t keys) {
  const std::uint64_t until = bytes_ + bytes;
  const auto cursor = core_.index->Scan();
  cursor->Seek(next_key_.empty() ? std::string(1, kExtentKind) : next_key_);
  for (; cursor->valid() && cursor->key().front() == kExtentKind; cursor->Next()) {
    if (keys-- == 0 || bytes_ >= until) {
      next_key_ = cursor->key();
      return {};
    }
    bytes_ += cursor->key().size() + cursor->value().size();
    const auto ledger = ParseExtentLedger(cursor->key());
    const auto content = OpenValue(cursor->key(), cursor->value());
    if (!ledger || !content) continue;  // the pass over the index tells
    const auto extent = Extent::Decode(*ParseExtentKey(cursor->key(), *ledger), *content);
    if (extent && extent->segment() == id_) CheckExtent(*ledger, *extent);
  }
  QUIRE_TRY(cursor->status());
  if (bad_ && !lost_) Find(true, "is damaged from offset " + std::to_string(*bad_) + " on");
  phase_ = Phase::kDone;
  return {};
}

void SegmentScrub::CheckExtent(LedgerId ledger, const Extent& extent) {
  const bool small = extent.bytes() <= kMaxReadBytes;
  const auto all = small ? Read(extent.offset(), extent.bytes()) : std::nullopt;
  std::optional<std::pair<EntryId, EntryId>> bad;
  std::uint64_t at = 0;
  for (const ExtentEntry& entry : extent.entries()) {
    const std::uint64_t length = kRecordHeaderBytes + entry.length;
    // A bad block costs the entries on it, not their neighbours.
    const auto bytes = all ? all->substr(at, length) : Read(extent.offset() + at, length);
    at += length;
    if (bytes && CheckRecord(*bytes, ledger, entry.id)) continue;
    bad = std::pair(bad ? bad->first : entry.id, entry.id);
  }
  if (!bad) return;
  lost_ = true;
  Find(false, "does not have what the index says");
  findings_.back().ledger = ledger;
  findings_.back().entries = bad;
}

bool SegmentScrub::CheckRecord(std::string_view bytes, LedgerId ledger, EntryId entry) const {
  const auto content = OpenRecord(seed_, bytes);
  return content && protocol::VerifyEntry(*content, ledger, entry).has_value();
}

Result<std::optional<SegmentSpace>> SegmentScrub::Space() const {
  const std::string key = SegmentKey(id_);
  const auto cursor = core_.index->Scan();
  cursor->Seek(key);
  if (!cursor->valid() || cursor->key() != key) {
    QUIRE_TRY(cursor->status());
    return std::nullopt;
  }
  const auto content = OpenValue(key, cursor->value());
  const auto space = content ? DecodeSpace(*content) : Fail(content.error());
  if (!space) return Fail(space.error());
  return std::optional(*space);
}

std::optional<std::string_view> SegmentScrub::Read(std::uint64_t offset, std::uint64_t bytes) {
  const std::uint64_t from = BlockDown(offset);
  const std::uint64_t size = BlockUp(offset + bytes) - from;
  buffer_.Clear();
  char* const out = buffer_.Extend(size);
  const auto got = file_->Read(from, std::span<char>(out, size));
  if (!got || *got < offset + bytes - from) return std::nullopt;
  bytes_ += size;
  return buffer_.view().substr(offset - from, bytes);
}

void SegmentScrub::Find(bool unused, std::string what) {
  findings_.push_back(
      {.unused = unused, .file = "segments/" + SegmentName(id_), .what = std::move(what)});
}

}  // namespace quire::bookie
