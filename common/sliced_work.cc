#include "common/sliced_work.h"

#include <utility>

#include "common/check.h"

namespace quire::common {

SlicedWork::~SlicedWork() {
  if (timer_ != 0) loop_.Cancel(timer_);
}

void SlicedWork::Run(Pace pace, std::move_only_function<bool()> step, Task done) {
  QUIRE_CHECK(!step_ && pace.steps > 0);
  pace_ = pace;
  step_ = std::move(step);
  done_ = std::move(done);
  Slice();
}

void SlicedWork::Slice() {
  for (std::size_t i = 0; i < pace_.steps; ++i) {
    if (step_()) continue;
    step_ = nullptr;
    std::exchange(done_, nullptr)();
    return;
  }
  timer_ = loop_.After(pace_.pause, [this] {
    timer_ = 0;
    Slice();
  });
}

}  // namespace quire::common
