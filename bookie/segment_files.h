#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "bookie/segment_format.h"
#include "common/disk.h"
#include "common/error.h"

namespace quire::bookie {

// A segment open for reading. When the segment is removed meanwhile it may get shorter: who cannot
// read what should be there asks Has() before he calls it damage.
struct OpenSegment {
  std::unique_ptr<common::File> file;
  std::uint32_t seed;  // of its records
};

// The segment files of a shard: which exist, those in use kept open (the least recently used are
// closed beyond a bound), removal. Any thread, except where said.
class SegmentFiles {
 public:
  explicit SegmentFiles(common::Disk& disk, std::size_t max_open = 64)
      : disk_(disk), max_open_(max_open) {}

  // Segment files in the directory, whether live or not, ascending.
  common::Result<std::vector<SegmentId>> List() const;

  // The segment may be read from now on.
  void Add(SegmentId id);
  bool Has(SegmentId id) const;
  std::vector<SegmentId> Live() const;  // ascending

  // Null when the segment was removed: look the entry up again. kCorrupt: its header cannot be read
  // or is not that of this segment.
  common::Result<std::shared_ptr<const OpenSegment>> Open(SegmentId id);

  // They are no segments from now on. Before their files change.
  void Forget(const std::vector<SegmentId>& ids);
  // Forgets and removes them, durably. Flush worker.
  common::Result<void> Remove(const std::vector<SegmentId>& ids);

  std::size_t open_files() const;

 private:
  struct Slot {
    std::shared_ptr<const OpenSegment> segment;
    std::list<SegmentId>::iterator use;
  };

  std::shared_ptr<const OpenSegment> FindOpen(SegmentId id);

  common::Disk& disk_;
  const std::size_t max_open_;

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::unordered_set<SegmentId> live_;
  std::unordered_map<SegmentId, Slot> open_;
  std::list<SegmentId> uses_;  // most recent first
};

}  // namespace quire::bookie
