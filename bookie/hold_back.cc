#include "bookie/hold_back.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace quire::bookie {
namespace {

// Follows the time that one batch in a hundred exceeds: at rest when, of a hundred batches, one
// moves it up as far as the others move it down.
constexpr double kSlowShare = 0.01;
constexpr double kFollow = 0.1;

// The factor rests when this much of the journal's time goes into batches that are both slow and
// beside a step. Some of that is chance, and the rest moves p99 of the appends by a few percent.
constexpr double kFeltShare = 0.01;
// How fast the factor moves: by a quarter for a slow batch of 4 ms, and at most to the double.
constexpr double kGainPerSecond = 56;
constexpr double kMostSeconds = 0.0124;

}  // namespace

void HoldBack::BeginStep() {
  stepping_ = true;
  // Nobody appends: there is nobody to hold back for.
  if (!std::exchange(appends_, false)) factor_ = std::max(1.0, factor_ / 2);
}

void HoldBack::EndStep(common::TimePoint now) {
  stepping_ = false;
  behind_step_ = true;
  step_end_ = now;
}

void HoldBack::JournalWrote(common::TimePoint now, common::Duration took) {
  const double seconds = std::chrono::duration<double>(took).count();
  // As long as nothing else is known every batch is slow: the rests get longer until one is known.
  const bool slow = seconds > slow_;
  const bool beside = BesideStep(now - took);
  const double change = beside && slow ? std::min(seconds, kMostSeconds) : -kFeltShare * seconds;
  factor_ = std::clamp(factor_ * std::exp(kGainPerSecond * change), 1.0, kMost);
  appends_ = true;
  if (beside) return;
  if (slow_ == 0) {
    slow_ = seconds;
  } else {
    slow_ *= slow ? 1 + kFollow * (1 - kSlowShare) : 1 - kFollow * kSlowShare;
  }
}

// The first batch that begins after a step still counts: its sync also makes durable what the step
// left in the disk's cache.
bool HoldBack::BesideStep(common::TimePoint begun) {
  if (stepping_) return true;
  if (!behind_step_) return false;
  if (begun >= step_end_) behind_step_ = false;
  return true;
}

}  // namespace quire::bookie
