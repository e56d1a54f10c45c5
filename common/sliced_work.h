#pragma once

#include <cstddef>
#include <functional>

#include "common/loop.h"

namespace quire::common {

// Work of very many steps that would hold a loop for long: so many steps in one turn, then a pause
// in which whoever else waits for the loop is served. One piece of work at a time. Loop thread
// only.
class SlicedWork {
 public:
  struct Pace {
    std::size_t steps;  // in one turn
    Duration pause;
  };

  explicit SlicedWork(Loop& loop) : loop_(loop) {}
  // What is left of the work is not done.
  ~SlicedWork();
  SlicedWork(const SlicedWork&) = delete;
  SlicedWork& operator=(const SlicedWork&) = delete;

  // `step` says whether there is another one. The first slice runs now; `done` follows the last
  // step in the same turn, and may begin the next piece of work.
  void Run(Pace pace, std::move_only_function<bool()> step, Task done);

 private:
  void Slice();

  Loop& loop_;
  Pace pace_{};
  std::move_only_function<bool()> step_;
  Task done_;
  Loop::TimerId timer_ = 0;
};

}  // namespace quire::common
