#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bookie/journal.h"
#include "bookie/journal_batch.h"
#include "common/aligned_buffer.h"
#include "common/disk.h"
#include "common/error.h"

namespace quire::bookie {

// A journal file that takes no more batches.
struct JournalFileInfo {
  std::string name;
  Lsn last = 0;                  // of its last record; 0: it holds none
  std::uint64_t used_bytes = 0;  // of its batches
};

// The files the journal writes: one that is current, the next one that is prepared ahead, full ones
// that wait to be trimmed, and trimmed ones that wait for another life. Blocking; worker only,
// after construction. Any error but kDiskFull means that the disk cannot be trusted and the journal
// has to stop.
class JournalFiles {
 public:
  // `full` in the order written, `empty` hold nothing that is needed, all epochs are below
  // next_epoch.
  JournalFiles(common::Disk& disk, const JournalOptions& options, std::uint64_t next_epoch,
               std::vector<JournalFileInfo> full, std::vector<JournalFileInfo> empty);

  // The batch is on stable storage when this returns. Takes the next file when it does not fit.
  // kDiskFull: there is no room for that, and nothing was done.
  common::Result<void> Write(JournalBatch& batch);

  // Files whose records are all up to `stored` become spares.
  void Trim(Lsn stored);

  // Gets the next file ready, writing at most `budget` bytes; false when there is nothing left to
  // do. A full disk is not an error here: a trimmed file may come to help before the next one is
  // needed.
  common::Result<bool> Prepare(std::uint64_t budget);

  // Files of any kind.
  std::size_t count() const {
    return full_.size() + spares_.size() + (current_ ? 1 : 0) + (next_ ? 1 : 0);
  }

  // Bytes of batches in files that are not trimmed. Any thread.
  std::uint64_t live_bytes() const { return live_bytes_.load(std::memory_order_relaxed); }

 private:
  struct OpenFile {
    std::unique_ptr<common::File> file;
    std::string name;
    std::uint64_t epoch = 0;
    std::uint64_t size = 0;      // next: written so far
    std::uint64_t position = 0;  // current: where the next batch goes
    Lsn last = 0;
  };

  common::Result<void> Roll(std::uint64_t batch_bytes);
  common::Result<bool> PrepareSlice(std::uint64_t budget, std::uint64_t file_bytes);
  common::Result<void> StartNext();
  common::Result<void> RemoveExcess();
  bool ready() const { return next_ && next_->size >= file_bytes_; }

  common::Disk& disk_;
  const std::uint64_t file_bytes_;
  const std::size_t max_spares_;
  const std::function<bool()> make_room_;

  std::uint64_t next_epoch_;
  std::deque<JournalFileInfo> full_;
  std::optional<OpenFile> current_;
  std::optional<OpenFile> next_;
  std::deque<std::string> spares_;
  bool disk_full_ = false;  // preparing waits for a spare, or until the file is needed
  common::AlignedBuffer zeros_;
  std::atomic<std::uint64_t> live_bytes_ = 0;
};

}  // namespace quire::bookie
