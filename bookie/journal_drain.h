#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "bookie/journal.h"
#include "bookie/journal_files.h"
#include "bookie/journal_queue.h"
#include "bookie/journal_replay.h"
#include "common/disk.h"
#include "common/loop.h"
#include "common/worker.h"

namespace quire::bookie {

// The loop between queue and files: a worker job that writes one batch and submits itself again
// while there is more to do. Owned by the journal and by its job and messages under way, so that
// the journal may go at any time.
class JournalDrain : public std::enable_shared_from_this<JournalDrain> {
 public:
  // A batch that is on stable storage.
  struct Written {
    Lsn last = 0;
    std::uint64_t bytes = 0;  // as Append returned them
    std::uint64_t records = 0;
    std::uint64_t disk_bytes = 0;
    common::Duration took{};  // write and sync
  };

  // Called on the loop thread, until Detach.
  class Listener {
   public:
    virtual void OnDurable(const Written& batch) = 0;
    virtual void OnFailed(common::Error error) = 0;  // once; nothing after it
    // The disk has no room for the next file. The batch waits for the next Kick or Trim.
    virtual void OnFull() = 0;

   protected:
    ~Listener() = default;
  };

  JournalDrain(common::Disk& disk, common::Loop& loop, common::Worker& worker,
               const JournalOptions& options, JournalContent content, Listener& listener);

  // Readies the first file before there is a job; a full disk is left to the first write. Blocking.
  common::Result<void> Begin(Lsn stored);

  // Loop thread.
  std::size_t Append(Lsn lsn, RecordType type, std::span<const std::string_view> parts) {
    return queue_.Append(lsn, type, parts);
  }
  void Kick();
  void Trim(Lsn stored);
  void Detach();

  std::uint64_t live_bytes() const { return files_.live_bytes(); }
  // Files there are of any kind. Any thread.
  std::uint64_t files() const { return file_count_.load(std::memory_order_relaxed); }

 private:
  void Submit();
  void Turn();
  enum class Next { kWait, kGoOn, kEnd };
  common::Result<Next> Work();
  Next PutBack(std::unique_ptr<JournalBatch> batch);
  void CountFiles() { file_count_.store(files_.count(), std::memory_order_relaxed); }

  common::Loop& loop_;
  common::Worker& worker_;
  JournalQueue queue_;  // has its own lock
  JournalFiles files_;  // worker, after Begin
  std::atomic<std::uint64_t> file_count_ = 0;
  Listener* listener_;  // loop thread; null after Detach
};

}  // namespace quire::bookie
