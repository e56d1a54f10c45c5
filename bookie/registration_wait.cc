#include "bookie/registration_wait.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace quire::bookie {

using common::Errc;
using common::Fail;
using common::Result;

namespace {

constexpr std::chrono::milliseconds kLook(100);  // for interruptions

}  // namespace

void RegistrationWait::Done(const Result<void>& outcome) {
  const std::lock_guard lock(mutex_);
  --left_;
  if (!outcome && !failed_) failed_ = outcome.error();
  changed_.notify_all();
}

void RegistrationWait::Elsewhere(std::string who) {
  const std::lock_guard lock(mutex_);
  elsewhere_ = std::move(who);
}

Result<void> RegistrationWait::Await(common::Duration limit,
                                     const std::function<bool()>& interrupted) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  std::unique_lock lock(mutex_);
  while (left_ > 0) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= deadline) break;
    changed_.wait_for(lock, std::min<common::Duration>(deadline - now, kLook));
    if (left_ == 0) break;
    lock.unlock();
    if (interrupted && interrupted()) return Fail(Errc::kShutdown, "interrupted");
    lock.lock();
  }
  if (failed_) return Fail(*failed_);
  if (left_ == 0) return {};
  if (elsewhere_.empty()) {
    return Fail(Errc::kMetadataUnavailable, "the bookie could not be registered in time");
  }
  return Fail(Errc::kWrongBookie,
              elsewhere_ +
                  ", for longer than the session of a daemon that has ended. If the bookie has "
                  "moved here, stop that one and start this one again. If this directory is a copy "
                  "of the other's, do not start it: it denies entries that it does not have. Give "
                  "this daemon an empty directory, which becomes a new bookie");
}

}  // namespace quire::bookie
