#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include "common/disk.h"
#include "common/error.h"

namespace quire::bookie {

// A file of nothing that keeps room on the disk for the day when it is full: given up then, so that
// fences, recovery adds, flushes and deletions go on, and set aside again when there is space. Any
// thread; blocks, but for `held`.
class Ballast {
 public:
  static constexpr const char* kFileName = "ballast";

  // No bytes: there is none, and one of an earlier life goes.
  Ballast(common::Disk& disk, std::uint64_t bytes) : disk_(disk), bytes_(bytes) {}

  // Finds the one of an earlier life; one of another size, or half-made, goes. Once, before
  // anything else.
  common::Result<void> Load();
  // True: there was one and its room is free now.
  bool Release();
  // Sets it aside, unless it is there. kDiskFull: there is none.
  common::Result<void> Restore();

  bool held() const { return held_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  common::Disk& disk_;
  const std::uint64_t bytes_;
  std::mutex mutex_;  // one at a time at the file
  std::atomic<bool> held_ = false;
};

}  // namespace quire::bookie
