#pragma once

#include <algorithm>

#include "common/loop.h"
#include "common/random.h"

namespace quire::rpc {

// The waits between attempts: doubling from `least` to `most`, each drawn from the upper half of
// its value so that many clients of one dead server do not return in step.
class Backoff {
 public:
  Backoff(common::Duration least, common::Duration most, common::Random& random)
      : least_(least), most_(most), random_(random), next_(least) {}

  common::Duration Next() {
    const common::Duration wait = next_;
    next_ = std::min(2 * next_, most_);
    const auto half = static_cast<std::uint64_t>(wait.count() / 2);
    return wait - common::Duration(common::Below(random_, half + 1));
  }
  void Reset() { next_ = least_; }

 private:
  const common::Duration least_;
  const common::Duration most_;
  common::Random& random_;
  common::Duration next_;
};

}  // namespace quire::rpc
