#pragma once

#include <cstdint>
#include <optional>

#include "common/loop.h"

namespace quire::bookie {

// When somebody who finds the bookie busy may come back: when what fills it now will have drained,
// as far as the recent past tells. What waits longest decides. Loop thread only.
class RetryHint {
 public:
  explicit RetryHint(const common::Loop& loop) : loop_(loop) {}

  // A record became durable that had waited so long: so long takes a queue like that one.
  void Durable(common::Duration waited) {
    journal_wait_ = waited;
    last_durable_ = loop_.Now();
  }
  void FlushBegan() { flush_begun_ = loop_.Now(); }
  void FlushEnded();

  struct Load {
    bool journal_waits = false;  // something is appended and not durable
    bool cache_full = false;     // a flush has to end before anything is taken
    common::Duration read_wait{};
  };
  // From 1 to protocol::kMaxRetryAfterMs.
  std::int32_t Milliseconds(const Load& load) const;

 private:
  common::Duration FlushLeft() const;

  const common::Loop& loop_;
  common::Duration journal_wait_{};
  common::TimePoint last_durable_{};
  std::optional<common::TimePoint> flush_begun_;
  common::Duration flush_took_{};  // the last one; zero: there was none
};

}  // namespace quire::bookie
