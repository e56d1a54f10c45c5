#include "bookie/journal_drain.h"

#include <algorithm>
#include <utility>

#include "bookie/journal_format.h"

namespace quire::bookie {
namespace {

// What a turn may write of the next file. A batch waits for at most one such slice; while batches
// come, twice their size is enough to be ready before the current file is full.
constexpr std::uint64_t kIdleSliceBytes = 1 << 20;
constexpr std::uint64_t kBusySliceBytes = 64 << 10;

}  // namespace

JournalDrain::JournalDrain(common::Disk& disk, common::Loop& loop, common::Worker& worker,
                           const JournalOptions& options, JournalContent content,
                           Listener& listener)
    : loop_(loop),
      worker_(worker),
      queue_(std::min<std::uint64_t>(kMaxBatchBytes, options.file_bytes)),
      files_(disk, options, content.next_epoch, std::move(content.full), std::move(content.empty)),
      listener_(&listener) {}

common::Result<void> JournalDrain::Begin(Lsn stored) {
  files_.Trim(stored);
  while (true) {
    auto more = files_.Prepare(kIdleSliceBytes);
    if (!more) return common::Fail(std::move(more).error());
    if (*more) continue;
    CountFiles();
    return {};
  }
}

void JournalDrain::Kick() {
  if (queue_.Start()) Submit();
}

void JournalDrain::Trim(Lsn stored) {
  if (queue_.StartTrim(stored)) Submit();
}

void JournalDrain::Detach() {
  listener_ = nullptr;
  queue_.Close();
}

void JournalDrain::Submit() {
  worker_.Submit([self = shared_from_this()] { self->Turn(); });
}

void JournalDrain::Turn() {
  auto unfinished = Work();
  CountFiles();
  if (!unfinished) {
    // What is on the disk is not known any more, and a repeated sync would not tell: the kernel
    // reports a lost write once. So nothing is tried again (G09).
    queue_.Close();
    loop_.Post([self = shared_from_this(), error = std::move(unfinished).error()]() mutable {
      if (self->listener_ != nullptr) self->listener_->OnFailed(std::move(error));
    });
    return;
  }
  if (queue_.Continue(*unfinished)) Submit();
}

// One turn: write a batch, tell it durable, then the work that must not stand between a record and
// its sync. True when a further turn is needed also without new work.
common::Result<bool> JournalDrain::Work() {
  JournalQueue::Work work = queue_.Take();
  std::uint64_t slice = kIdleSliceBytes;
  if (work.batch) {
    Written written{.last = work.batch->last(),
                    .bytes = work.batch->body_bytes(),
                    .records = work.batch->records(),
                    .disk_bytes = work.batch->disk_bytes()};
    slice = std::clamp(2 * written.disk_bytes, kBusySliceBytes, kIdleSliceBytes);
    const common::TimePoint begun = loop_.Now();
    QUIRE_TRY(files_.Write(*work.batch));
    written.took = loop_.Now() - begun;
    loop_.Post([self = shared_from_this(), written] {
      if (self->listener_ != nullptr) self->listener_->OnDurable(written);
    });
    queue_.Return(std::move(work.batch));
  }
  if (work.trim) files_.Trim(*work.trim);
  return files_.Prepare(slice);
}

}  // namespace quire::bookie
