#include "metadata/zookeeper_calls.h"

#include <algorithm>
#include <vector>

namespace quire::metadata {

using common::Errc;
using common::Error;

ZookeeperCalls::ZookeeperCalls(common::Loop& loop, Limits limits, std::string servers)
    : loop_(loop), limits_(limits), servers_(std::move(servers)) {}

ZookeeperCalls::~ZookeeperCalls() {
  for (auto& [id, call] : calls_) loop_.Cancel(call->timer);
}

void ZookeeperCalls::Add(std::unique_ptr<Call> call, common::Callback<CallId> send) {
  const CallId id = ++last_id_;
  if (calls_.size() >= limits_.max_calls) {
    loop_.Post(lifetime_.WhileAlive([this, call = std::move(call)] {
      call->Fail({Errc::kMetadataUnavailable, "more than " + std::to_string(limits_.max_calls) +
                                                  " metadata calls are under way"});
    }));
    return;
  }
  call->send = std::move(send);
  call->deadline = loop_.Now() + limits_.call_timeout;
  Call& added = *calls_.emplace(id, std::move(call)).first->second;
  if (connected_) return Send(id);
  waiting_.push_back(id);
  Arm(id, added, std::min(limits_.connect_timeout, limits_.call_timeout));
}

void ZookeeperCalls::Send(CallId id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  Call& call = *found->second;
  Arm(id, call, call.deadline - loop_.Now());
  auto send = std::exchange(call.send, nullptr);
  send(id);
}

void ZookeeperCalls::Arm(CallId id, Call& call, common::Duration limit) {
  if (call.timer != 0) loop_.Cancel(call.timer);
  call.timer = loop_.After(limit, lifetime_.WhileAlive([this, id] {
    const Call& late = *calls_.at(id);
    const bool sent = !late.send;
    // A long wait behind a first connection means that nobody is there.
    Lose(id, sent || ever_connected_ ? "does not answer" : "does not answer; is it running?");
  }));
}

std::unique_ptr<ZookeeperCalls::Call> ZookeeperCalls::Take(CallId id) {
  auto call = calls_.extract(id);
  if (call.empty()) return nullptr;
  if (call.mapped()->timer != 0) loop_.Cancel(call.mapped()->timer);
  return std::move(call.mapped());
}

void ZookeeperCalls::Fail(CallId id, Error error) {
  const std::unique_ptr<Call> call = Take(id);
  if (call) call->Fail(std::move(error));
}

void ZookeeperCalls::Lose(CallId id, const std::string& why) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  const bool in_doubt = found->second->in_doubt;
  Fail(id, {in_doubt ? Errc::kAmbiguous : Errc::kMetadataUnavailable,
            "ZooKeeper at " + servers_ + " " + why});
}

void ZookeeperCalls::SetInDoubt(CallId id, bool in_doubt) {
  const auto found = calls_.find(id);
  if (found != calls_.end()) found->second->in_doubt = in_doubt;
}

void ZookeeperCalls::Connected() {
  connected_ = true;
  ever_connected_ = true;
  // Sending calls nobody back, so nothing is added meanwhile.
  for (const CallId id : std::exchange(waiting_, {})) Send(id);
}

void ZookeeperCalls::LoseAllSent() {
  std::vector<CallId> sent;
  for (const auto& [id, call] : calls_) {
    if (!call->send) sent.push_back(id);
  }
  // In turns of their own: a callback may end the store.
  for (const CallId id : sent) {
    loop_.Post(lifetime_.WhileAlive([this, id] { Lose(id, "closed the session"); }));
  }
}

}  // namespace quire::metadata
