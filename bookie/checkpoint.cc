#include "bookie/checkpoint.h"

#include <memory>
#include <utility>

#include "common/check.h"

namespace quire::bookie {

using common::Errc;

Checkpoint::~Checkpoint() {
  if (retry_timer_ != 0) core_.loop.Cancel(retry_timer_);
}

void Checkpoint::Drop(protocol::LedgerId ledger) {
  dropped_.push_back(ledger);
}

void Checkpoint::GiveBack() {
  give_back_ = true;
  MaybeStart();
}

void Checkpoint::Finish(common::Callback<common::Result<void>> done) {
  QUIRE_CHECK(!stop_);
  stop_ = std::move(done);
  if (core_.health.Has(ShardHealth::kJournalFull)) return JournalFull();
  MaybeStart();
}

void Checkpoint::JournalFull() {
  if (!stop_) return;
  std::exchange(stop_,
                nullptr)(common::Fail(Errc::kDiskFull, "the journal waits for room on the disk"));
}

void Checkpoint::Abandon(const common::Error& error) {
  abandoned_ = true;
  if (retry_timer_ != 0) core_.loop.Cancel(std::exchange(retry_timer_, 0));
  if (stop_) std::exchange(stop_, nullptr)(common::Fail(error));
}

void Checkpoint::Start() {
  core_.Kick();
  give_back_ = false;
  covered_bytes_ += std::exchange(core_.bytes_since_flush, 0);
  begun_ = core_.loop.Now();
  core_.retry.FlushBegan();
  core_.store->Flush({.lsn = core_.journal->last(),
                      .states = core_.ledgers.TakeChanged(),
                      .dropped = std::exchange(dropped_, {}),
                      .settled = core_.ledgers.TakeSettled()},
                     [this, alive = std::weak_ptr(core_.alive)](common::Result<void> outcome) {
                       if (!alive.expired()) Flushed(std::move(outcome));
                     });
}

void Checkpoint::Flushed(common::Result<void> outcome) {
  if (abandoned_) return;
  if (outcome) {
    core_.retry.FlushEnded();
    core_.metrics.flush_duration.Observe(
        static_cast<std::uint64_t>((core_.loop.Now() - begun_).count()));
    core_.metrics.flush_bytes += std::exchange(covered_bytes_, 0);
    core_.journal->Trim(core_.store->stored());
    if (core_.health.Has(ShardHealth::kFlushBlocked)) {
      core_.log.Info("the disk has room again, the delayed flush is done");
      core_.health.Set(ShardHealth::kFlushBlocked, false);
    }
    const bool all = core_.store->stored() == core_.journal->last() && dropped_.empty();
    if (stop_ && all) return std::exchange(stop_, nullptr)({});
    return MaybeStart();
  }
  if (outcome.error().code() != Errc::kDiskFull || stop_) {
    common::Error error = std::move(outcome).error();
    return failed_(std::move(error));
  }
  ++core_.metrics.flush_failures;
  if (!core_.health.Has(ShardHealth::kFlushBlocked)) {
    core_.log.Error(
        "flush: " + outcome.error().ToString() +
        ". Read-only until there is room; nothing is lost, the journal has it. Free space "
        "on this file system, or delete ledgers and wait for their space.");
    core_.health.Set(ShardHealth::kFlushBlocked, true);
  }
  // The store keeps what this commit carried and adds it to that of the next one.
  retry_timer_ = core_.loop.After(core_.options.flush_retry, [this] {
    retry_timer_ = 0;
    Start();
  });
}

}  // namespace quire::bookie
