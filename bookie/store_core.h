#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "bookie/index.h"
#include "bookie/quarantine.h"
#include "bookie/segment_files.h"
#include "common/disk.h"

namespace quire::bookie {

// What the jobs of a store work on. Shared with them, so that it is there until the last job is
// done even when the store has gone.
struct StoreCore {
  StoreCore(common::Disk& store_disk, std::unique_ptr<Index> store_index,
            QuarantineOptions quarantine_options = {}, std::function<bool()> store_make_room = {})
      : disk(store_disk),
        index(std::move(store_index)),
        files(store_disk),
        quarantine(store_disk, std::move(quarantine_options)),
        make_room(std::move(store_make_room)) {}

  // The disk was full: true when there is more room now, so that it makes sense to try again.
  // Workers.
  bool MakeRoom(std::uint64_t bytes) {
    const auto released = quarantine.Release(bytes);
    return (released && *released > 0) || (make_room && make_room());
  }

  common::Disk& disk;
  const std::unique_ptr<Index> index;  // committed to by the flush worker only
  SegmentFiles files;
  Quarantine quarantine;
  const std::function<bool()> make_room;  // see StoreOptions
  std::atomic<bool> stopped = false;      // the store has gone: jobs still queued do nothing
};

}  // namespace quire::bookie
