#include "bookie/offline_segment.h"

#include <algorithm>
#include <span>
#include <utility>

#include "common/bytes.h"
#include "protocol/limits.h"

namespace quire::bookie {

using common::Errc;
using common::Fail;
using common::Result;

namespace {

using Part = OfflineSegment::Damage::Part;

constexpr std::size_t kReadBytes = 4 << 20;
constexpr std::size_t kMaxEntryBytes = protocol::kEntryOverheadBytes + protocol::kMaxPayloadBytes;
constexpr std::size_t kMaxSegmentRecordBytes = kRecordHeaderBytes + kMaxEntryBytes;

// Bytes of a length that has to be there.
Result<std::string> ReadExactly(const common::File& file, std::uint64_t offset, std::size_t bytes) {
  std::string out(bytes, '\0');
  const auto got = file.Read(offset, out);
  if (!got) return Fail(got.error());
  if (*got != bytes) return Fail(Errc::kCorrupt, "the file is too short");
  return out;
}

}  // namespace

Result<SegmentFooter> ReadSegmentFooter(const common::File& file, SegmentId id,
                                        std::uint64_t file_bytes) {
  if (file_bytes < kSegmentHeaderBytes + kSegmentFooterBytes) {
    return Fail(Errc::kCorrupt, "the file is too short for a footer");
  }
  const auto block = ReadExactly(file, file_bytes - kSegmentFooterBytes, kSegmentFooterBytes);
  if (!block) return Fail(block.error());
  auto footer = ParseSegmentFooter(id, *block);
  const bool fits =
      footer && footer->bytes < file_bytes && SegmentFileBytes(footer->bytes) == file_bytes;
  if (footer && !fits) return Fail(Errc::kCorrupt, "the footer does not fit the file's size");
  return footer;
}

bool RecordIsThere(const common::File& file, SegmentId segment, std::uint64_t offset,
                   std::uint32_t length, protocol::LedgerId ledger, protocol::EntryId entry) {
  const auto record = ReadExactly(file, offset, kRecordHeaderBytes + length);
  if (!record) return false;
  const auto bytes = OpenRecord(RecordSeed(segment), *record);
  return bytes && protocol::VerifyEntry(*bytes, ledger, entry).has_value();
}

Result<void> OfflineSegment::Read() {
  QUIRE_TRY(ReadEnds());
  QUIRE_TRY(ReadRecords());
  if (footer_) QUIRE_TRY(CheckPadding());
  if (visitor_.progress) visitor_.progress(file_bytes_ - std::min(file_bytes_, offset_));
  return {};
}

Result<void> OfflineSegment::ReadEnds() {
  if (file_bytes_ < kSegmentHeaderBytes + kSegmentFooterBytes) {
    Report(Part::kHeader, 0, file_bytes_,
           "the file has only " + std::to_string(file_bytes_) + " bytes");
    end_ = file_bytes_;
  } else {
    const auto header = ReadExactly(file_, 0, kSegmentHeaderBytes);
    if (!header) return Fail(header.error());
    if (const auto sound = CheckSegmentHeader(id_, *header); !sound) {
      Report(Part::kHeader, 0, kSegmentHeaderBytes, "the header: " + sound.error().context());
    }
    const auto footer = ReadSegmentFooter(file_, id_, file_bytes_);
    if (!footer && footer.error().code() == Errc::kIo) return Fail(footer.error());
    const std::uint64_t footer_at = file_bytes_ - kSegmentFooterBytes;
    if (footer) {
      footer_ = *footer;
      end_ = kSegmentHeaderBytes + footer->bytes;
      if (record_bytes_ && *record_bytes_ != footer->bytes) {
        Report(Part::kFooter, footer_at, file_bytes_,
               "the footer tells of " + std::to_string(footer->bytes) +
                   " bytes of records, the index of " + std::to_string(*record_bytes_));
      }
    } else {
      Report(Part::kFooter, footer_at, file_bytes_, "the footer: " + footer.error().context());
      // A file that was cut has records where the footer should be.
      end_ =
          record_bytes_ ? std::min(file_bytes_, kSegmentHeaderBytes + *record_bytes_) : footer_at;
    }
  }
  offset_ = std::min<std::uint64_t>(kSegmentHeaderBytes, file_bytes_);
  if (visitor_.progress) visitor_.progress(offset_);
  return {};
}

Result<void> OfflineSegment::ReadRecords() {
  std::optional<std::uint64_t> bad;  // where what does not verify began
  const auto close = [&] {
    if (bad) Report(Part::kRecords, *bad, offset_, "bytes that are no record");
    bad.reset();
  };
  while (offset_ < end_) {
    QUIRE_TRY(Fill(2 * kMaxSegmentRecordBytes));
    const std::string_view rest = window();
    // Without a footer the padding at the end is met.
    if (!footer_ && !record_bytes_ && rest.size() < common::kDiskBlockBytes &&
        rest.find_first_not_of('\0') == std::string_view::npos) {
      close();
      return {};
    }
    if (const auto header = RecordAt(rest)) {
      const auto length = common::LoadBig<std::uint32_t>(rest.data() + 4);
      close();
      ++records_;
      if (visitor_.record) visitor_.record(*header, offset_, length);
      Advance(kRecordHeaderBytes + length);
      continue;
    }
    const bool begins = !bad;
    if (begins) bad = offset_;
    Advance(begins ? DamagedRecordBytes(rest) : 1);
  }
  close();
  if (footer_ && !damaged_ && records_ != footer_->records) {
    Report(Part::kFooter, file_bytes_ - kSegmentFooterBytes, file_bytes_,
           "the footer tells of " + std::to_string(footer_->records) + " records, there are " +
               std::to_string(records_));
  }
  return {};
}

Result<void> OfflineSegment::CheckPadding() {
  const std::uint64_t to = file_bytes_ - kSegmentFooterBytes;
  const auto bytes = ReadExactly(file_, end_, static_cast<std::size_t>(to - end_));
  if (!bytes) return Fail(bytes.error());
  const auto at = bytes->find_first_not_of('\0');
  if (at != std::string::npos) Report(Part::kFooter, end_ + at, to, "the padding is not zeros");
  return {};
}

Result<void> OfflineSegment::Fill(std::size_t bytes) {
  const std::size_t have = window_.size() - begin_;
  const std::uint64_t left = end_ - offset_;
  if (have >= std::min<std::uint64_t>(bytes, left)) return {};
  window_.erase(0, begin_);
  begin_ = 0;
  const std::size_t more =
      static_cast<std::size_t>(std::min<std::uint64_t>(left - have, kReadBytes));
  window_.resize(have + more);
  const auto got = file_.Read(offset_ + have, std::span<char>(window_.data() + have, more));
  if (!got) return Fail(got.error());
  if (*got != more) return Fail(Errc::kCorrupt, "the file became shorter");
  return {};
}

void OfflineSegment::Advance(std::size_t bytes) {
  begin_ += bytes;
  offset_ += bytes;
  if (visitor_.progress) visitor_.progress(bytes);
}

std::optional<protocol::EntryHeader> OfflineSegment::RecordAt(std::string_view bytes) const {
  if (!PlausibleAt(bytes)) return std::nullopt;
  const auto length = common::LoadBig<std::uint32_t>(bytes.data() + 4);
  const auto entry = OpenRecord(seed_, bytes.substr(0, kRecordHeaderBytes + length));
  const auto header = entry ? protocol::VerifyEntry(*entry) : Fail(Errc::kCorrupt);
  return header ? std::optional(*header) : std::nullopt;
}

// Most damage leaves the length as it was. Then the record is passed as a whole, for a client can
// have put anything into its payload, records too. Else 1.
std::size_t OfflineSegment::DamagedRecordBytes(std::string_view bytes) const {
  if (bytes.size() < kRecordHeaderBytes) return 1;
  const std::size_t all = kRecordHeaderBytes + common::LoadBig<std::uint32_t>(bytes.data() + 4);
  if (all > kMaxSegmentRecordBytes || all > bytes.size()) return 1;
  const bool last = offset_ + all == end_;
  return last || RecordAt(bytes.substr(all)) ? all : 1;
}

// Cheap enough to be asked at every byte behind damage, and rarely true where no record begins.
bool OfflineSegment::PlausibleAt(std::string_view bytes) const {
  if (bytes.size() < kRecordHeaderBytes + protocol::kEntryOverheadBytes) return false;
  const auto length = common::LoadBig<std::uint32_t>(bytes.data() + 4);
  if (length < protocol::kEntryOverheadBytes || length > kMaxEntryBytes) return false;
  if (kRecordHeaderBytes + length > bytes.size()) return false;
  const auto header = protocol::PeekEntryHeader(bytes.substr(kRecordHeaderBytes));
  return header.ledger.value() >= 0 && header.entry.value() >= 0 &&
         header.lac >= protocol::kNoEntry && header.lac < header.entry && header.length >= 0;
}

void OfflineSegment::Report(Part part, std::uint64_t offset, std::uint64_t end, std::string what) {
  damaged_ = true;
  if (visitor_.damage)
    visitor_.damage({.part = part, .offset = offset, .end = end, .what = std::move(what)});
}

}  // namespace quire::bookie
