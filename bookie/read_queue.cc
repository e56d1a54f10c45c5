#include "bookie/read_queue.h"

#include <utility>

#include "common/check.h"

namespace quire::bookie {

void ReadQueue::Submit(std::int32_t deadline_ms, Run run) {
  const common::TimePoint now = loop_.Now();
  waiting_.push_back(
      {.since = now, .deadline = DeadlineAt(now, deadline_ms), .run = std::move(run)});
  Begin();
}

void ReadQueue::End() {
  QUIRE_CHECK(under_way_ > 0);
  --under_way_;
  Begin();
}

// What is told may end at once or submit more: the loop then simply sees it, and never nests.
void ReadQueue::Begin() {
  if (std::exchange(beginning_, true)) return;
  while (under_way_ < most_ && !waiting_.empty()) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    const common::TimePoint now = loop_.Now();
    const bool expired = now >= next.deadline;
    if (expired) {
      ++expired_;
    } else {
      ++under_way_;
      last_wait_ = now - next.since;
    }
    next.run(expired);
  }
  beginning_ = false;
}

}  // namespace quire::bookie
