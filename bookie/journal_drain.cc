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
  auto next = Work();
  CountFiles();
  if (!next) {
    // What is on the disk is not known any more, and a repeated sync would not tell: the kernel
    // reports a lost write once. So nothing is tried again (G09).
    queue_.Close();
    loop_.Post([self = shared_from_this(), error = std::move(next).error()]() mutable {
      if (self->listener_ != nullptr) self->listener_->OnFailed(std::move(error));
    });
    return;
  }
  if (*next == Next::kEnd) return;
  if (queue_.Continue(*next == Next::kGoOn)) Submit();
}

// One turn: write a batch, tell it durable, then the work that must not stand between a record and
// its sync.
common::Result<JournalDrain::Next> JournalDrain::Work() {
  JournalQueue::Work work = queue_.Take();
  if (work.trim) files_.Trim(*work.trim);  // first, for what is trimmed may be the next file
  std::uint64_t slice = kIdleSliceBytes;
  if (work.batch) {
    Written written{.last = work.batch->last(),
                    .bytes = work.batch->body_bytes(),
                    .records = work.batch->records(),
                    .disk_bytes = work.batch->disk_bytes()};
    slice = std::clamp(2 * written.disk_bytes, kBusySliceBytes, kIdleSliceBytes);
    const common::TimePoint begun = loop_.Now();
    auto outcome = files_.Write(*work.batch);
    if (!outcome && outcome.error().code() == common::Errc::kDiskFull) {
      return PutBack(std::move(work.batch));
    }
    QUIRE_TRY(std::move(outcome));
    written.took = loop_.Now() - begun;
    loop_.Post([self = shared_from_this(), written] {
      if (self->listener_ != nullptr) self->listener_->OnDurable(written);
    });
    queue_.Return(std::move(work.batch));
  }
  const auto more = files_.Prepare(slice);
  if (!more) return common::Fail(more.error());
  return *more ? Next::kGoOn : Next::kWait;
}

JournalDrain::Next JournalDrain::PutBack(std::unique_ptr<JournalBatch> batch) {
  loop_.Post([self = shared_from_this()] {
    if (self->listener_ != nullptr) self->listener_->OnFull();
  });
  if (queue_.PutBack(std::move(batch))) Submit();
  return Next::kEnd;
}

}  // namespace quire::bookie
