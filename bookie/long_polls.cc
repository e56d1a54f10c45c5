#include "bookie/long_polls.h"

#include <utility>

#include "common/check.h"

namespace quire::bookie {

using protocol::EntryId;
using protocol::LedgerId;

LongPolls::~LongPolls() {
  for (const auto& [ledger, waiters] : waiters_) {
    for (const Waiter& waiter : waiters) loop_.Cancel(waiter.timer);
  }
}

void LongPolls::Hold(LedgerId ledger, EntryId known, common::Duration wait, common::Task wake) {
  QUIRE_CHECK(!full());
  const std::uint64_t id = ++last_id_;
  const auto timer = loop_.After(wait, [this, ledger, id] { TimedOut(ledger, id); });
  waiters_[ledger].push_back({.id = id, .known = known, .timer = timer, .wake = std::move(wake)});
  ++count_;
}

// The answer leaves in a turn of its own: the caller is in the middle of an add or a fence.
void LongPolls::Release(Waiter& waiter) {
  loop_.Cancel(waiter.timer);
  --count_;
  loop_.Post(std::exchange(waiter.wake, nullptr));
}

void LongPolls::Advanced(LedgerId ledger, EntryId lac) {
  const auto found = waiters_.find(ledger);
  if (found == waiters_.end()) return;
  for (Waiter& waiter : found->second) {
    if (waiter.known < lac) Release(waiter);
  }
  std::erase_if(found->second, [](const Waiter& waiter) { return !waiter.wake; });
  if (found->second.empty()) waiters_.erase(found);
}

void LongPolls::Shut(LedgerId ledger) {
  const auto found = waiters_.find(ledger);
  if (found == waiters_.end()) return;
  for (Waiter& waiter : found->second) Release(waiter);
  waiters_.erase(found);
}

void LongPolls::WakeAll() {
  while (!waiters_.empty()) Shut(waiters_.begin()->first);
}

void LongPolls::TimedOut(LedgerId ledger, std::uint64_t id) {
  const auto found = waiters_.find(ledger);
  if (found == waiters_.end()) return;
  common::Task wake;
  for (Waiter& waiter : found->second) {
    if (waiter.id == id) wake = std::exchange(waiter.wake, nullptr);
  }
  std::erase_if(found->second, [](const Waiter& waiter) { return !waiter.wake; });
  if (found->second.empty()) waiters_.erase(found);
  if (!wake) return;
  --count_;
  wake();
}

}  // namespace quire::bookie
