#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bookie/scrub_segment.h"
#include "bookie/store_core.h"
#include "common/error.h"

namespace quire::bookie {

// One look at everything that the store keeps: the index value by value, then each segment that is
// live when its turn comes. Blocking, a step at a time; worker of the scrub.
class ScrubPass {
 public:
  // `begin`: any number, which picks the segment to begin with: a bookie that is often started anew
  // must not look at the same ones each time.
  ScrubPass(StoreCore& core, std::uint64_t begin) : core_(core), begin_(begin) {}

  struct Step {
    bool done = false;
    std::uint64_t bytes = 0;
    std::vector<ScrubFinding> findings = {};
  };
  // Reads about so many bytes, and passes so many keys of the index at most. An error: what is
  // known of the index itself could not be read.
  common::Result<Step> Next(std::uint64_t bytes, std::size_t keys);

 private:
  common::Result<Step> NextKeys(std::uint64_t bytes, std::size_t keys);
  void ListSegments();

  StoreCore& core_;
  const std::uint64_t begin_;
  bool index_done_ = false;
  std::string next_key_;             // of the index
  std::vector<SegmentId> segments_;  // that are left, the next one at the end
  std::unique_ptr<SegmentScrub> segment_;
};

}  // namespace quire::bookie
