#include "bookie/hold_back.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace quire::bookie {
namespace {

// Follows the time that one batch in a hundred exceeds: at rest when, of a hundred batches, one
// moves it up as far as the others move it down.
constexpr double kSlowShare = 0.01;
constexpr double kFollow = 0.1;

// The factor rests when this much of the journal's time goes into batches that are both slow and
// beside a step. About half of it is chance, the rest moves p99 of the appends by a few percent.
constexpr double kFeltShare = 0.01;
// How fast the factor moves: by a quarter for a slow batch of 4 ms.
constexpr double kGainPerSecond = 56;

}  // namespace

void HoldBack::BeginStep() {
  stepping_ = true;
  felt_ = false;
}

void HoldBack::EndStep(common::TimePoint now) {
  stepping_ = false;
  behind_step_ = true;
  step_end_ = now;
  // Nobody appends: there is nobody to hold back for.
  if (!felt_) factor_ = std::max(1.0, factor_ / 2);
}

void HoldBack::JournalWrote(common::TimePoint now, common::Duration took) {
  const double seconds = std::chrono::duration<double>(took).count();
  const bool slow = slow_ > 0 && seconds > slow_;
  const bool beside = BesideStep(now - took);
  const double change = kGainPerSecond * seconds * (beside && slow ? 1 : -kFeltShare);
  factor_ = std::clamp(factor_ * std::exp(change), 1.0, kMost);
  if (beside) {
    felt_ = true;
  } else if (slow_ == 0) {
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
