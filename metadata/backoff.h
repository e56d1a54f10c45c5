#pragma once

#include <algorithm>
#include <chrono>

#include "common/loop.h"

namespace quire::metadata {

// How long to wait before the next attempt against a metadata store that is away.
class Backoff {
 public:
  common::Duration Next() {
    const common::Duration delay = next_;
    next_ = std::min<common::Duration>(next_ * 2, std::chrono::seconds(1));
    return delay;
  }
  void Reset() { next_ = kFirst; }

 private:
  static constexpr common::Duration kFirst = std::chrono::milliseconds(10);
  common::Duration next_ = kFirst;
};

}  // namespace quire::metadata
