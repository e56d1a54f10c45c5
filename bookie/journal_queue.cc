#include "bookie/journal_queue.h"

#include <algorithm>
#include <utility>

namespace quire::bookie {

std::size_t JournalQueue::Append(Lsn lsn, RecordType type,
                                 std::span<const std::string_view> parts) {
  std::size_t bytes = kJournalRecordBytes;
  for (const std::string_view part : parts) bytes += part.size();
  const std::lock_guard lock(mutex_);
  if (closed_) return 0;
  if (batches_.empty() ||
      BatchDiskBytes(batches_.back()->body_bytes() + bytes) > max_batch_bytes_) {
    if (unused_.empty()) {
      batches_.push_back(std::make_unique<JournalBatch>());
    } else {
      batches_.push_back(std::move(unused_.back()));
      unused_.pop_back();
    }
    batches_.back()->Begin(lsn);
  }
  return batches_.back()->Append(type, parts);
}

bool JournalQueue::Start() {
  const std::lock_guard lock(mutex_);
  if (closed_ || running_ || batches_.empty()) return false;
  running_ = true;
  return true;
}

bool JournalQueue::StartTrim(Lsn stored) {
  const std::lock_guard lock(mutex_);
  if (closed_) return false;
  trim_ = std::max(trim_.value_or(0), stored);
  return !std::exchange(running_, true);
}

void JournalQueue::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  batches_.clear();
  unused_.clear();
}

JournalQueue::Work JournalQueue::Take() {
  const std::lock_guard lock(mutex_);
  Work work;
  if (closed_) return work;
  if (!batches_.empty()) {
    work.batch = std::move(batches_.front());
    batches_.pop_front();
  }
  work.trim = std::exchange(trim_, std::nullopt);
  return work;
}

void JournalQueue::Return(std::unique_ptr<JournalBatch> batch) {
  const std::lock_guard lock(mutex_);
  if (!closed_ && unused_.size() < kKeptBatches) unused_.push_back(std::move(batch));
}

bool JournalQueue::PutBack(std::unique_ptr<JournalBatch> batch) {
  const std::lock_guard lock(mutex_);
  if (!closed_) batches_.push_front(std::move(batch));
  running_ = !closed_ && trim_.has_value();
  return running_;
}

bool JournalQueue::Continue(bool unfinished) {
  const std::lock_guard lock(mutex_);
  running_ = !closed_ && (unfinished || !batches_.empty() || trim_.has_value());
  return running_;
}

}  // namespace quire::bookie
