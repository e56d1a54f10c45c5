#include "bookie/space_watch.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace quire::bookie {

SpaceWatch::SpaceWatch(common::Loop& loop, common::Worker& worker, Options options,
                       std::function<void(bool)> changed, std::function<void()> looked)
    : loop_(loop),
      worker_(worker),
      options_(std::move(options)),
      changed_(std::move(changed)),
      looked_(std::move(looked)) {}

SpaceWatch::~SpaceWatch() {
  if (timer_ != 0) loop_.Cancel(timer_);
}

common::Result<std::uint64_t> SpaceWatch::Free(const std::vector<common::Disk*>& disks) {
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
  for (const common::Disk* disk : disks) {
    auto free = disk->FreeBytes();
    if (!free) return free;
    least = std::min(least, *free);
  }
  return least;
}

common::Result<void> SpaceWatch::Look() {
  auto free = Free(options_.disks);
  if (!free) return common::Fail(std::move(free).error());
  Saw(*free);
  return {};
}

void SpaceWatch::Start() {
  Schedule();
}

void SpaceWatch::Schedule() {
  timer_ = loop_.After(options_.interval, [this] {
    timer_ = 0;
    worker_.Submit([this, alive = std::weak_ptr(alive_), disks = options_.disks, loop = &loop_] {
      auto free = Free(disks);
      loop->Post([this, alive, free = std::move(free)] {
        if (alive.expired()) return;
        if (free) {  // a disk that cannot even say fails its next write, which tells more
          Saw(*free);
          looked_();
        }
        Schedule();
      });
    });
  });
}

void SpaceWatch::Saw(std::uint64_t free) {
  free_bytes_ = free;
  const bool low = free < (low_ ? options_.resume_bytes : options_.min_free_bytes);
  if (low != std::exchange(low_, low)) changed_(low);
}

}  // namespace quire::bookie
