#include "client/idle_lacs.h"

#include <utility>

namespace quire::client {

IdleLacs::~IdleLacs() {
  if (timer_ != 0) loop_.Cancel(timer_);
}

void IdleLacs::Wait(std::shared_ptr<Source> source) {
  waiting_.push_back({.since = loop_.Now(), .source = std::move(source)});
  if (timer_ == 0) Schedule(idle_);
}

void IdleLacs::Schedule(common::Duration delay) {
  timer_ = loop_.After(delay, [this] {
    timer_ = 0;
    Tell();
  });
}

void IdleLacs::Tell() {
  const common::TimePoint now = loop_.Now();
  std::size_t told = 0;
  for (std::size_t looked = 0; looked < kLookAtOnce && told < kTellAtOnce; ++looked) {
    if (waiting_.empty() || now - waiting_.front().since < idle_) break;
    const auto source = std::move(waiting_.front().source);
    waiting_.pop_front();
    const auto turn = source->TellLac();
    if (turn == Source::Turn::kTold) ++told;
    if (turn == Source::Turn::kLater) waiting_.push_back({.since = now, .source = source});
  }
  if (waiting_.empty() || timer_ != 0) return;
  // At least a pause, or what is bounded at once would not be bounded in a second.
  const auto due = waiting_.front().since + idle_;
  Schedule(due > now ? due - now : idle_);
}

}  // namespace quire::client
