#include "common/byte_budget.h"

#include <algorithm>

#include "common/check.h"

namespace quire::common {

void ByteBudget::Await(std::size_t bytes, Task again, Turn turn) {
  QUIRE_CHECK(bytes <= most_);
  auto& waiting = turn == Turn::kFirst ? first_ : usual_;
  waiting.push_back({.bytes = bytes, .again = std::move(again)});
  WakeLater();
}

void ByteBudget::Change(std::size_t from, std::size_t to) {
  used_ = used_ - from + to;
  peak_ = std::max(peak_, used_);
  if (to < from) WakeLater();
}

// In a turn of its own: who gives back is in the middle of something.
void ByteBudget::WakeLater() {
  if (wake_posted_ || !awaited() || !Fits(next().front().bytes)) return;
  wake_posted_ = true;
  loop_.Post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Wake();
  });
}

void ByteBudget::Wake() {
  wake_posted_ = false;
  granting_ = true;
  // Those who come to wait meanwhile have their turn later.
  for (std::size_t turns = first_.size() + usual_.size(); turns > 0 && awaited(); --turns) {
    auto& waiting = next();
    if (!Fits(waiting.front().bytes)) break;
    Task again = std::move(waiting.front().again);
    waiting.pop_front();
    again();
  }
  granting_ = false;
  WakeLater();
}

}  // namespace quire::common
