#pragma once

#include <atomic>
#include <memory>
#include <utility>

#include "bookie/index.h"
#include "bookie/segment_files.h"
#include "common/disk.h"

namespace quire::bookie {

// What the jobs of a store work on. Shared with them, so that it is there until the last job is
// done even when the store has gone.
struct StoreCore {
  StoreCore(common::Disk& store_disk, std::unique_ptr<Index> store_index)
      : disk(store_disk), index(std::move(store_index)), files(store_disk) {}

  common::Disk& disk;
  const std::unique_ptr<Index> index;  // committed to by the flush worker only
  SegmentFiles files;
  std::atomic<bool> stopped = false;  // the store has gone: jobs still queued do nothing
};

}  // namespace quire::bookie
