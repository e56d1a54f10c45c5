#include "tools/entry_stream.h"

#include <utility>

namespace quire::tools {
namespace {
constexpr std::size_t kMostReady = 3;
}

EntryStream::EntryStream(client::LedgerReader& reader, protocol::EntryId first,
                         protocol::EntryId last)
    : reader_(reader), first_(first), last_(last), thread_([this] { Run(); }) {}

EntryStream::~EntryStream() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

common::Result<std::optional<EntryStream::Batch>> EntryStream::Next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !ready_.empty() || finished_; });
  if (ready_.empty()) return std::nullopt;
  auto batch = std::move(ready_.front());
  ready_.pop_front();
  lock.unlock();
  changed_.notify_all();
  if (!batch) return common::Fail(std::move(batch).error());
  return std::optional(*std::move(batch));
}

void EntryStream::Run() {
  bool more = true;
  for (protocol::EntryId next = first_; more && next <= last_;) {
    auto batch = reader_.Read(next, last_);
    more = batch.has_value() && !batch->empty();
    if (more) next = batch->back().id() + 1;
    std::unique_lock lock(mutex_);
    ready_.push_back(std::move(batch));
    changed_.notify_all();
    changed_.wait(lock, [this] { return stop_ || ready_.size() < kMostReady; });
    if (stop_) return;
  }
  const std::lock_guard lock(mutex_);
  finished_ = true;
  changed_.notify_all();
}

}  // namespace quire::tools
