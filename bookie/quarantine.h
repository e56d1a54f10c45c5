#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bookie/segment_format.h"
#include "common/disk.h"
#include "common/error.h"
#include "common/loop.h"

namespace quire::bookie {

// Seconds since 1970, by the clock of the wall.
std::int64_t WallSeconds();

struct QuarantineOptions {
  // How long a segment is kept in which nothing is live any more; 0: not at all. A day, so that
  // whoever comes to work in the morning can still undo what a wrong metadata store did at night.
  common::Duration keep = std::chrono::hours(24);
  std::function<std::int64_t()> wall_seconds = WallSeconds;
};

struct QuarantineStats {
  std::uint64_t segments = 0;
  std::uint64_t bytes = 0;
};

// A segment file in quarantine: its name tells what it was and when it came.
struct QuarantinedSegment {
  std::int64_t since = 0;  // seconds since 1970
  SegmentId id = 0;
  std::uint64_t bytes = 0;  // not in the name

  auto operator<=>(const QuarantinedSegment&) const = default;
};
// segment-<id>-<since>.quarantined, both as 16 hexadecimal digits.
std::string QuarantineName(const QuarantinedSegment& segment);
std::optional<QuarantinedSegment> ParseQuarantineName(std::string_view name);

// Segments in which nothing is live any more are not removed but renamed, and removed when they are
// old enough or their room is wanted, oldest first. So what was dropped for a wrong reason can be
// brought back for a while. A crash leaves a file under one of its two names, and the next start
// goes on with it. Any thread but where said; blocks.
class Quarantine {
 public:
  Quarantine(common::Disk& disk, QuarantineOptions options)
      : disk_(disk), options_(std::move(options)) {}

  // What is there from earlier lives. Once, before anything else.
  common::Result<void> Load();
  // The highest id in quarantine; 0: it is empty.
  SegmentId last() const;

  // Durable on return. The caller forgot the segments before.
  common::Result<void> Take(const std::vector<SegmentId>& ids);
  // Removes what was there long enough; its room comes gradually.
  common::Result<void> Expire();
  // Removes so many bytes or more, as far as there are, at once. Gives how many it were.
  common::Result<std::uint64_t> Release(std::uint64_t bytes);

  // Never block.
  QuarantineStats stats() const;
  bool something_due() const;

 private:
  void ForgetOldest();
  void Tell();
  std::int64_t keep_seconds() const {
    return std::chrono::duration_cast<std::chrono::seconds>(options_.keep).count();
  }

  common::Disk& disk_;
  const QuarantineOptions options_;

  mutable std::mutex mutex_;
  std::set<QuarantinedSegment> segments_;  // oldest first; guarded by mutex_
  // Copies of what they say, for those that must not wait.
  std::atomic<std::uint64_t> count_ = 0;
  std::atomic<std::uint64_t> bytes_ = 0;
  std::atomic<std::int64_t> oldest_ = 0;
};

}  // namespace quire::bookie
