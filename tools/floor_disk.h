#pragma once

#include <string>
#include <vector>

#include "common/error.h"
#include "tools/floor_file.h"
#include "tools/histogram.h"

namespace quire::tools {

// What synced writes of one size cost on a disk.
struct DiskFloor {
  const char* method = "";
  std::int64_t bytes = 0;  // of a write
  double writes_per_second = 0;
  Histogram nanoseconds;
};

// One after the other, each size (4 KB to 1 MB) in each way (growing, recycled, direct), so long
// each. The files go again.
common::Result<std::vector<DiskFloor>> MeasureDisk(const std::string& directory, double seconds);

}  // namespace quire::tools
