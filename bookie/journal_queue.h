#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "bookie/journal.h"
#include "bookie/journal_batch.h"

namespace quire::bookie {

// Where the loop leaves records for the worker: batches in order, the last of which still grows,
// and the answer to "is a job under way?". At most one is, so a record never waits for a second
// one.
class JournalQueue {
 public:
  explicit JournalQueue(std::size_t max_batch_bytes) : max_batch_bytes_(max_batch_bytes) {}

  // Loop thread. Returns the bytes queued: none when the queue is closed.
  std::size_t Append(Lsn lsn, RecordType type, std::span<const std::string_view> parts);
  // Loop thread. True when the caller has to submit the job.
  bool Start();
  // Loop thread. The job is to trim; true when the caller has to submit it.
  bool StartTrim(Lsn stored);

  // Nothing is taken any more and the job ends soon. Any thread.
  void Close();

  struct Work {
    std::unique_ptr<JournalBatch> batch;  // null: nothing to write
    std::optional<Lsn> trim;
  };
  // Worker: what is to be done now.
  Work Take();
  // Worker: the memory of a batch that was written.
  void Return(std::unique_ptr<JournalBatch> batch);
  // Worker: the batch could not be written now and is again the next one; the job ends, and a Start
  // or StartTrim begins a new one. True when it has to be submitted again at once, to trim.
  bool PutBack(std::unique_ptr<JournalBatch> batch);
  // Worker: true when the job has to be submitted again, because of new work or `unfinished` work
  // of its own; else the next Start begins a new one.
  bool Continue(bool unfinished);

 private:
  static constexpr std::size_t kKeptBatches = 2;  // one fills while the other is being written

  const std::size_t max_batch_bytes_;

  std::mutex mutex_;  // guards all below
  std::deque<std::unique_ptr<JournalBatch>> batches_;
  std::vector<std::unique_ptr<JournalBatch>> unused_;
  std::optional<Lsn> trim_;
  bool running_ = false;
  bool closed_ = false;
};

}  // namespace quire::bookie
