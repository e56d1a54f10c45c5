#include "rpc/pending_calls.h"

#include <algorithm>

#include "common/check.h"

namespace quire::rpc {

void PendingCalls::Insert(std::int32_t seqid, PendingCall call) {
  bytes_ += call.bytes;
  if (call.adds.empty()) {
    other_deadlines_.emplace(call.deadline, seqid);
  } else {
    // Two batches that were begun in one order and sealed in the other: the queue must not fall.
    if (!add_deadlines_.empty()) {
      call.deadline = std::max(call.deadline, add_deadlines_.back().first);
    }
    add_deadlines_.emplace_back(call.deadline, seqid);
  }
  QUIRE_CHECK(calls_.emplace(seqid, std::move(call)).second);
}

std::optional<PendingCall> PendingCalls::Take(std::int32_t seqid) {
  const auto found = calls_.find(seqid);
  if (found == calls_.end()) return std::nullopt;
  return Remove(found);
}

std::optional<common::TimePoint> PendingCalls::NextDeadline() {
  std::optional<common::TimePoint> next;
  if (!add_deadlines_.empty()) next = add_deadlines_.front().first;
  if (!other_deadlines_.empty()) {
    const common::TimePoint other = other_deadlines_.begin()->first;
    next = next ? std::min(*next, other) : other;
  }
  return next;
}

std::optional<PendingCall> PendingCalls::TakeExpired(common::TimePoint now) {
  if (!add_deadlines_.empty() && add_deadlines_.front().first <= now) {
    return Take(add_deadlines_.front().second);
  }
  if (!other_deadlines_.empty() && other_deadlines_.begin()->first <= now) {
    return Take(other_deadlines_.begin()->second);
  }
  return std::nullopt;
}

std::vector<PendingCall> PendingCalls::TakeAll() {
  std::vector<PendingCall> all;
  all.reserve(calls_.size());
  for (auto& [seqid, call] : calls_) all.push_back(std::move(call));
  calls_.clear();
  add_deadlines_.clear();
  other_deadlines_.clear();
  bytes_ = 0;
  return all;
}

void PendingCalls::DropAnsweredAdds() {
  while (!add_deadlines_.empty() && !calls_.contains(add_deadlines_.front().second)) {
    add_deadlines_.pop_front();
  }
}

PendingCall PendingCalls::Remove(std::unordered_map<std::int32_t, PendingCall>::iterator found) {
  const std::int32_t seqid = found->first;
  PendingCall call = std::move(found->second);
  calls_.erase(found);
  bytes_ -= call.bytes;
  if (call.adds.empty()) {
    other_deadlines_.erase({call.deadline, seqid});
  } else {
    DropAnsweredAdds();
  }
  return call;
}

}  // namespace quire::rpc
