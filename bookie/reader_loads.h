#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

namespace quire::bookie {

// How many jobs each reader has to do, so that a demanded read never queues behind a prefetch while
// another reader has nothing of that kind. Loop thread.
class ReaderLoads {
 public:
  explicit ReaderLoads(std::size_t readers) : loads_(readers) {}

  // For a read that somebody waits for: the reader with the fewest jobs.
  std::size_t ForRead() {
    const auto least = std::ranges::min_element(loads_, {}, [](const Load& load) {
      return 2 * load.reads + 3 * load.prefetches;  // of equals, one without a prefetch
    });
    ++least->reads;
    return static_cast<std::size_t>(least - loads_.begin());
  }

  // For a prefetch: a reader that has nothing to do; one always stays without, if there are two.
  std::optional<std::size_t> ForPrefetch() {
    if (prefetching_ > 0 && prefetching_ + 1 >= loads_.size()) return std::nullopt;
    const auto idle = std::ranges::find_if(
        loads_, [](const Load& load) { return load.reads == 0 && load.prefetches == 0; });
    if (idle == loads_.end()) return std::nullopt;
    ++idle->prefetches;
    ++prefetching_;
    return static_cast<std::size_t>(idle - loads_.begin());
  }

  void ReadDone(std::size_t reader) { --loads_[reader].reads; }
  void PrefetchDone(std::size_t reader) {
    --loads_[reader].prefetches;
    --prefetching_;
  }

 private:
  struct Load {
    std::size_t reads = 0;
    std::size_t prefetches = 0;  // 0 or 1
  };

  std::vector<Load> loads_;
  std::size_t prefetching_ = 0;
};

}  // namespace quire::bookie
