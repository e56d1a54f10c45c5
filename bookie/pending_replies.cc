#include "bookie/pending_replies.h"

#include <algorithm>
#include <utility>

namespace quire::bookie {

void PendingReplies::Wait(Lsn lsn, Reply reply) {
  if (lsn <= durable_) return reply(true);
  if (failed_) return reply(false);
  // Nearly always the highest yet; only an answer that waits for an earlier fence goes before
  // others.
  const auto place = waiting_.empty() || waiting_.back().lsn <= lsn
                         ? waiting_.end()
                         : std::ranges::upper_bound(waiting_, lsn, {}, &Waiting::lsn);
  waiting_.insert(place, Waiting{.lsn = lsn, .reply = std::move(reply)});
}

void PendingReplies::Durable(Lsn lsn) {
  durable_ = std::max(durable_, lsn);
  while (!waiting_.empty() && waiting_.front().lsn <= durable_) {
    Reply reply = std::move(waiting_.front().reply);
    waiting_.pop_front();
    reply(true);
  }
}

void PendingReplies::Fail() {
  failed_ = true;
  while (!waiting_.empty()) {
    Reply reply = std::move(waiting_.front().reply);
    waiting_.pop_front();
    reply(false);
  }
}

}  // namespace quire::bookie
