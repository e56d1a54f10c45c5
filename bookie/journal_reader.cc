#include "bookie/journal_reader.h"

#include <algorithm>
#include <span>
#include <string>

namespace quire::bookie {
namespace {

constexpr std::uint64_t kWindowBytes = 1 << 20;

}  // namespace

JournalReader::JournalReader(const common::File& file, std::uint64_t epoch, std::uint64_t size)
    : file_(file), epoch_(epoch), size_(size - size % common::kDiskBlockBytes) {}

common::Result<std::optional<JournalReader::Batch>> JournalReader::Next() {
  if (offset_ >= size_) {
    later_ = size_;
    return std::nullopt;
  }
  later_ = offset_ + common::kDiskBlockBytes;
  auto block = Read(offset_, common::kDiskBlockBytes);
  if (!block) return common::Fail(block.error());
  const auto header = DecodeBatchHeader(*block, epoch_);
  if (!header) return std::nullopt;
  if (header->version != kJournalVersion) {
    return common::Fail(common::Errc::kUnsupported,
                        "journal batch of version " + std::to_string(header->version) +
                            " at offset " + std::to_string(offset_) + ", this program knows " +
                            std::to_string(kJournalVersion));
  }
  const std::uint64_t bytes = BatchDiskBytes(header->body_bytes);
  if (header->first == 0 || header->records == 0 || bytes > size_ - offset_) return std::nullopt;
  // What clients wrote into a torn batch may look like a header; it is not searched for one.
  later_ = offset_ + bytes;
  auto batch = Read(offset_, bytes);
  if (!batch) return common::Fail(batch.error());
  const std::string_view body = batch->substr(kBatchHeaderBytes, header->body_bytes);
  if (!VerifyBody(*header, body)) return std::nullopt;
  const std::uint64_t at = offset_;
  offset_ += bytes;
  return Batch{.header = *header, .offset = at, .body = body};
}

common::Result<std::optional<std::uint64_t>> JournalReader::FindLater() {
  for (std::uint64_t at = later_; at < size_; at += common::kDiskBlockBytes) {
    auto block = Read(at, common::kDiskBlockBytes);
    if (!block) return common::Fail(block.error());
    if (DecodeBatchHeader(*block, epoch_)) return at;
  }
  return std::nullopt;
}

// `bytes` from `offset`, both whole blocks within the file, out of a window that is read ahead.
common::Result<std::string_view> JournalReader::Read(std::uint64_t offset, std::uint64_t bytes) {
  if (offset < window_offset_ || offset + bytes > window_offset_ + window_.size()) {
    const std::uint64_t wanted = std::min(std::max(bytes, kWindowBytes), size_ - offset);
    window_.Clear();
    window_offset_ = offset;
    char* const out = window_.Extend(wanted);
    auto read = file_.Read(offset, std::span<char>(out, wanted));
    if (!read) return common::Fail(read.error());
    if (*read != wanted) return common::Fail(common::Errc::kIo, "journal file became shorter");
  }
  return window_.view().substr(offset - window_offset_, bytes);
}

}  // namespace quire::bookie
