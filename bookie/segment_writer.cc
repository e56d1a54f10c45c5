#include "bookie/segment_writer.h"

#include <string>
#include <tuple>
#include <utility>

#include "common/check.h"

namespace quire::bookie {

using common::Fail;
using common::Result;

namespace {

// Of one write, but for larger entries. The journal's next batch may wait behind it on the disk, so
// this, more than the bytes in a second, decides what a flush or a compaction does to the slowest
// appends.
constexpr std::size_t kWriteBytes = 256 << 10;

}  // namespace

SegmentWriter::SegmentWriter(common::Disk& disk, SegmentId id, std::uint64_t record_bytes,
                             std::unique_ptr<common::File> file)
    : disk_(disk), id_(id), seed_(RecordSeed(id)), expected_(record_bytes), file_(std::move(file)) {
  buffer_.Reserve(kWriteBytes);
  AppendSegmentHeader(id, buffer_);
}

Result<std::unique_ptr<SegmentWriter>> SegmentWriter::Create(common::Disk& disk, SegmentId id,
                                                             std::uint64_t record_bytes) {
  auto file = disk.Open(SegmentName(id), {.create = true, .direct = true});
  if (!file) return Fail(std::move(file).error());
  std::unique_ptr<SegmentWriter> writer(
      new SegmentWriter(disk, id, record_bytes, std::move(*file)));
  QUIRE_TRY(writer->file_->Preallocate(SegmentFileBytes(record_bytes)));
  return writer;
}

SegmentWriter::~SegmentWriter() {
  // If that fails too, the file waits for the next start.
  if (!finished_) std::ignore = disk_.Remove(SegmentName(id_));
}

Result<void> SegmentWriter::Append(std::string_view entry) {
  if (buffer_.size() + kRecordHeaderBytes + entry.size() > kWriteBytes) QUIRE_TRY(WriteBlocks());
  AppendRecord(seed_, entry, buffer_);
  ++written_.records;
  written_.bytes += kRecordHeaderBytes + entry.size();
  return {};
}

Result<void> SegmentWriter::Finish() {
  QUIRE_CHECK(written_.bytes == expected_);
  buffer_.Pad();
  AppendSegmentFooter(id_, written_, buffer_);
  QUIRE_TRY(WriteBlocks());
  QUIRE_CHECK(offset_ == SegmentFileBytes(expected_));
  QUIRE_TRY(file_->Sync());
  QUIRE_TRY(disk_.SyncDirectory());
  finished_ = true;
  return {};
}

// Writes the whole blocks of the buffer and keeps the rest.
Result<void> SegmentWriter::WriteBlocks() {
  const std::size_t whole = buffer_.size() / common::kDiskBlockBytes * common::kDiskBlockBytes;
  if (whole == 0) return {};
  QUIRE_TRY(file_->Write(offset_, buffer_.view().substr(0, whole)));
  offset_ += whole;
  const std::string rest(buffer_.view().substr(whole));
  buffer_.Clear();
  buffer_.Append(rest);
  return {};
}

}  // namespace quire::bookie
