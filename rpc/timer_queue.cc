#include "rpc/timer_queue.h"

#include <utility>

namespace quire::rpc {
namespace {

// Below so many places the order is not worth rebuilding.
constexpr std::size_t kFewPlaces = 64;

}  // namespace

TimerQueue::TimerId TimerQueue::Add(common::TimePoint when, common::Task task) {
  const TimerId id = ++last_id_;
  timers_.emplace(id, Timer{when, std::move(task)});
  order_.push({when, id});
  return id;
}

void TimerQueue::Cancel(TimerId id) {
  // The task is destroyed last: what it owns may cancel other timers.
  const auto timer = timers_.extract(id);
  if (timer.empty() || order_.size() < kFewPlaces || order_.size() < 2 * timers_.size()) return;
  std::vector<Place> places;
  places.reserve(timers_.size());
  for (const auto& [kept, entry] : timers_) places.push_back({entry.when, kept});
  order_ = Order({}, std::move(places));
}

std::optional<common::TimePoint> TimerQueue::Next() {
  while (!order_.empty() && !timers_.contains(order_.top().id)) order_.pop();
  if (order_.empty()) return std::nullopt;
  return order_.top().when;
}

std::optional<common::Task> TimerQueue::TakeDue(common::TimePoint now) {
  const auto next = Next();
  if (!next || *next > now) return std::nullopt;
  auto timer = timers_.extract(order_.top().id);
  order_.pop();
  return std::move(timer.mapped().task);
}

}  // namespace quire::rpc
