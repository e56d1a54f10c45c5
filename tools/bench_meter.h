#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>

#include "tools/histogram.h"

namespace quire::tools {

// What was done in some time: operations with their latencies, and what they carried.
struct Tally {
  std::int64_t entries = 0;
  std::int64_t bytes = 0;
  Histogram nanoseconds;  // of each operation

  void Merge(const Tally& other) {
    entries += other.entries;
    bytes += other.bytes;
    nanoseconds.Merge(other.nanoseconds);
  }
};

// Counts what a load does. Thread-safe.
class Meter {
 public:
  void Record(std::chrono::nanoseconds latency, std::int64_t entries, std::int64_t bytes) {
    const std::lock_guard lock(mutex_);
    tally_.nanoseconds.Record(
        static_cast<std::uint64_t>(latency.count() > 0 ? latency.count() : 0));
    tally_.entries += entries;
    tally_.bytes += bytes;
  }

  // All since the last call.
  Tally Take() {
    const std::lock_guard lock(mutex_);
    const Tally taken = tally_;
    tally_ = {};
    return taken;
  }

 private:
  std::mutex mutex_;
  Tally tally_;  // guarded by mutex_
};

}  // namespace quire::tools
