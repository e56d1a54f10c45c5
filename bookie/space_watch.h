#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "common/disk.h"
#include "common/error.h"
#include "common/loop.h"
#include "common/worker.h"

namespace quire::bookie {

// Looks at the free space of a shard's disks now and then. Low below `min_free_bytes`, and not low
// again before there is `resume_bytes`, so that a disk at the brink does not flap. The look itself
// runs on a worker: a hung file system must not stop the loop. Loop thread only, except where said.
class SpaceWatch {
 public:
  struct Options {
    std::vector<common::Disk*> disks;  // the fullest one counts
    std::uint64_t min_free_bytes;
    std::uint64_t resume_bytes;
    common::Duration interval;
  };

  // `changed` gets true when space becomes low, false when it is back; `looked` comes after each
  // look but the first.
  SpaceWatch(common::Loop& loop, common::Worker& worker, Options options,
             std::function<void(bool low)> changed, std::function<void()> looked);
  ~SpaceWatch();
  SpaceWatch(const SpaceWatch&) = delete;
  SpaceWatch& operator=(const SpaceWatch&) = delete;

  // The first look, blocking, before the loop serves the shard.
  common::Result<void> Look();
  // Goes on looking every interval.
  void Start();

  std::uint64_t free_bytes() const { return free_bytes_; }

 private:
  static common::Result<std::uint64_t> Free(const std::vector<common::Disk*>& disks);
  void Schedule();
  void Saw(std::uint64_t free);

  common::Loop& loop_;
  common::Worker& worker_;
  const Options options_;
  const std::function<void(bool)> changed_;
  const std::function<void()> looked_;
  // Loop thread.
  std::uint64_t free_bytes_ = 0;
  bool low_ = false;
  common::Loop::TimerId timer_ = 0;
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace quire::bookie
