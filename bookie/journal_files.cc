#include "bookie/journal_files.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "bookie/journal_format.h"
#include "common/check.h"

namespace quire::bookie {
namespace {

constexpr std::uint64_t kSliceBytes = 1 << 20;

std::uint64_t BlocksUp(std::uint64_t bytes) {
  bytes += common::kDiskBlockBytes - 1;
  return bytes - bytes % common::kDiskBlockBytes;
}

}  // namespace

JournalFiles::JournalFiles(common::Disk& disk, const JournalOptions& options,
                           std::uint64_t next_epoch, std::vector<JournalFileInfo> full,
                           std::vector<JournalFileInfo> empty)
    : disk_(disk),
      file_bytes_(BlocksUp(options.file_bytes)),
      max_spares_(static_cast<std::size_t>(std::max(options.spare_files, 0))),
      make_room_(options.make_room),
      next_epoch_(next_epoch) {
  std::uint64_t live = 0;
  for (JournalFileInfo& file : full) {
    live += file.used_bytes;
    full_.push_back(std::move(file));
  }
  for (JournalFileInfo& file : empty) spares_.push_back(std::move(file.name));
  live_bytes_ = live;
}

common::Result<void> JournalFiles::Write(JournalBatch& batch) {
  const std::uint64_t bytes = batch.disk_bytes();
  if (!current_ || current_->position + bytes > current_->size) QUIRE_TRY(Roll(bytes));
  if (auto written = current_->file->Write(current_->position, batch.Seal(current_->epoch));
      !written) {
    // Also of a disk that is full, as where overwriting takes room: part of it may be there.
    return common::Fail(common::Errc::kIo, written.error().ToString());
  }
  current_->position += bytes;
  current_->last = batch.last();
  live_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  return {};
}

// A batch that is larger than a whole file has a larger one for itself.
common::Result<void> JournalFiles::Roll(std::uint64_t batch_bytes) {
  const std::uint64_t file_bytes = std::max(file_bytes_, batch_bytes);
  while (!next_ || next_->size < file_bytes) {
    auto slice = PrepareSlice(kSliceBytes, file_bytes);
    if (slice) continue;
    const bool full = slice.error().code() == common::Errc::kDiskFull;
    if (!full || !make_room_ || !make_room_()) return common::Fail(std::move(slice).error());
  }
  if (current_) full_.push_back({current_->name, current_->last, current_->position});
  current_ = std::move(next_);
  next_.reset();
  disk_full_ = false;
  return {};
}

void JournalFiles::Trim(Lsn stored) {
  while (!full_.empty() && full_.front().last <= stored) {
    live_bytes_.fetch_sub(full_.front().used_bytes, std::memory_order_relaxed);
    spares_.push_back(std::move(full_.front().name));
    full_.pop_front();
    disk_full_ = false;
  }
}

common::Result<bool> JournalFiles::Prepare(std::uint64_t budget) {
  if (!ready() && !disk_full_) {
    auto slice = PrepareSlice(std::min(budget, kSliceBytes), file_bytes_);
    if (!slice && slice.error().code() == common::Errc::kDiskFull) {
      disk_full_ = true;
      return false;
    }
    if (!slice) return slice;
    if (!ready()) return true;
  }
  if (ready()) QUIRE_TRY(RemoveExcess());
  return false;
}

// Returns true when the next file is ready. On error there is none.
common::Result<bool> JournalFiles::PrepareSlice(std::uint64_t budget, std::uint64_t file_bytes) {
  if (!next_) QUIRE_TRY(StartNext());
  const std::uint64_t slice = std::min(kSliceBytes, file_bytes_);
  const std::uint64_t bytes =
      next_->size >= file_bytes ? 0 : std::min({budget, slice, file_bytes - next_->size});
  if (bytes > 0) {
    if (zeros_.size() == 0) {
      std::memset(zeros_.Extend(slice), 0, slice);
    }
    auto written = next_->file->Write(next_->size, zeros_.view().substr(0, bytes));
    if (!written) {
      // The content is undefined now, and on a full disk its space is wanted: nothing was in it.
      std::string name = std::move(next_->name);
      next_.reset();
      const bool last = !current_ && full_.empty() && spares_.empty();
      if (last) {
        spares_.push_back(std::move(name));
      } else {
        QUIRE_TRY(disk_.Remove(name));
      }
      return common::Fail(std::move(written).error());
    }
    next_->size += bytes;
  }
  if (ready()) zeros_ = {};
  return ready();
}

// The name, old or new, is durable before any batch goes into the file (trap T6). A spare keeps its
// bytes: overwriting written blocks is what makes a sync cheap, and its old batches carry an old
// epoch.
common::Result<void> JournalFiles::StartNext() {
  OpenFile next{.file = nullptr, .name = JournalFileName(next_epoch_), .epoch = next_epoch_};
  const bool recycle = !spares_.empty();
  if (recycle) {
    QUIRE_TRY(disk_.Rename(spares_.front(), next.name));
    spares_.pop_front();
  }
  ++next_epoch_;
  auto file = disk_.Open(next.name, {.create = !recycle, .direct = true, .durable = true});
  if (!file) return common::Fail(std::move(file).error());
  next.file = std::move(*file);
  // A failed sync must not be repeated, whatever it says: that one is no full disk.
  if (auto synced = disk_.SyncDirectory(); !synced) {
    return common::Fail(common::Errc::kIo, synced.error().ToString());
  }
  const auto size = next.file->Size();
  if (!size) return common::Fail(size.error());
  // A crash while it was being prepared left it shorter; it is continued at a whole block.
  next.size = *size - *size % common::kDiskBlockBytes;
  next_ = std::move(next);
  return {};
}

// Only once the next file is there: a journal that has stored records is never without a file, by
// which Open knows that files are missing. PrepareSlice keeps the last one too.
common::Result<void> JournalFiles::RemoveExcess() {
  if (spares_.size() <= max_spares_) return {};
  while (spares_.size() > max_spares_) {
    QUIRE_TRY(disk_.Remove(spares_.front()));
    spares_.pop_front();
  }
  return disk_.SyncDirectory();
}

}  // namespace quire::bookie
