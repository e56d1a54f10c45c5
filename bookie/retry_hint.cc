#include "bookie/retry_hint.h"

#include <algorithm>
#include <chrono>

#include "protocol/limits.h"

namespace quire::bookie {

void RetryHint::FlushEnded() {
  if (flush_begun_) flush_took_ = loop_.Now() - *flush_begun_;
  flush_begun_.reset();
}

// A flush that takes longer than the last one is about as far from its end as it is from its begin.
common::Duration RetryHint::FlushLeft() const {
  if (!flush_begun_) return {};
  const common::Duration passed = loop_.Now() - *flush_begun_;
  return passed < flush_took_ ? flush_took_ - passed : passed - flush_took_;
}

std::int32_t RetryHint::Milliseconds(const Load& load) const {
  common::Duration wait = load.read_wait;
  if (load.journal_waits) {
    wait = std::max(wait, journal_wait_);
    // A disk that hangs lets nothing become durable, and tells it this way only.
    if (last_durable_ != common::TimePoint()) wait = std::max(wait, loop_.Now() - last_durable_);
  }
  if (load.cache_full) wait = std::max(wait, FlushLeft());
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(ms, 1, protocol::kMaxRetryAfterMs));
}

}  // namespace quire::bookie
