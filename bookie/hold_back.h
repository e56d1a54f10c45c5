#pragma once

#include "common/loop.h"

namespace quire::bookie {

// How far work in the background has to hold back so that the journal does not feel it. A fixed
// rate that a quick disk takes without a trace makes every append wait on one that is slow, or slow
// for an hour. So the work goes in steps, and batches of the journal that were written beside one
// are held against those that were not: while too many of them are slow, steps come less often,
// and so beside few batches; when they are as quick as others, more often again. Loop thread.
class HoldBack {
 public:
  // The longest: what is left of the rate still gives space back.
  static constexpr double kMost = 32;

  void BeginStep();
  void EndStep(common::TimePoint now);
  // A batch became durable just now, and took so long.
  void JournalWrote(common::TimePoint now, common::Duration took);

  // How many times as long as its rate asks the work should rest after a step; 1 to kMost.
  double factor() const { return factor_; }

 private:
  bool BesideStep(common::TimePoint begun);

  bool stepping_ = false;
  bool behind_step_ = false;  // the step is over, its writes may be in the disk's cache
  common::TimePoint step_end_{};
  bool appends_ = false;  // there was a batch since the last step began
  // Seconds; of the batches that are beside no step few take longer. Zero: not known yet.
  double slow_ = 0;
  double factor_ = 1;
};

}  // namespace quire::bookie
