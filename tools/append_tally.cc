#include "tools/append_tally.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "common/check.h"

namespace quire::tools {

AppendTally::AppendTally(AckLog* log)
    : log_(log), failure_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  QUIRE_CHECK(failure_fd_ >= 0);
}

AppendTally::~AppendTally() {
  ::close(failure_fd_);
}

void AppendTally::OnBegin() {
  const std::lock_guard lock(mutex_);
  ++pending_;
}

void AppendTally::OnResult(const client::AppendResult& result, std::size_t payload) {
  if (result.ok() && log_ != nullptr) log_->Acknowledged(result.entry().value());
  const std::lock_guard lock(mutex_);
  if (result.ok()) {
    ++acknowledged_.entries;
    acknowledged_.bytes += static_cast<std::int64_t>(payload);
  } else if (!failure_) {
    failure_ = result;
    QUIRE_CHECK(::eventfd_write(failure_fd_, 1) == 0);
  }
  if (--pending_ == 0) ended_.notify_all();
}

void AppendTally::AwaitAll() {
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [this] { return pending_ == 0; });
}

std::optional<client::AppendResult> AppendTally::failure() {
  const std::lock_guard lock(mutex_);
  return failure_;
}

AppendTally::Counts AppendTally::acknowledged() {
  const std::lock_guard lock(mutex_);
  return acknowledged_;
}

}  // namespace quire::tools
