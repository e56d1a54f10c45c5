#include "bookie/pacer.h"

#include <chrono>
#include <utility>

namespace quire::bookie {

Pacer::~Pacer() {
  if (timer_ != 0) loop_.Cancel(timer_);
}

void Pacer::Arm(common::Duration wait, common::Task step) {
  if (timer_ != 0) loop_.Cancel(timer_);
  held_ = nullptr;
  timer_ = loop_.After(wait, [this, step = std::move(step)]() mutable {
    timer_ = 0;
    if (!paused_) return step();
    held_ = std::move(step);
  });
}

void Pacer::Continue(std::uint64_t bytes, common::Task step) {
  const double seconds = static_cast<double>(bytes) / static_cast<double>(bytes_per_second_);
  Arm(std::chrono::duration_cast<common::Duration>(std::chrono::duration<double>(seconds)),
      std::move(step));
}

void Pacer::SetPaused(bool paused) {
  paused_ = paused;
  if (!paused && held_) Arm({}, std::exchange(held_, nullptr));
}

}  // namespace quire::bookie
