#pragma once

#include <string>
#include <vector>

#include "common/error.h"
#include "tools/histogram.h"

namespace quire::tools {

struct PathOptions {
  std::string directory;  // of the replicas' files
  int replicas = 3;       // each entry goes to all of them
  int acks = 2;           // and counts when so many have it on the disk
  std::int64_t entry_bytes = 1024;
  std::int64_t window = 1000;
  double seconds = 5;
};

// The whole path of an append with nothing in it.
struct PathFloor {
  std::int64_t window = 0;
  double appends_per_second = 0;
  Histogram nanoseconds;
  double client_cpu_us = 0;    // for an append
  double replicas_cpu_us = 0;  // of all of them, for an append
};

// Starts the replicas (see floor_replica.h) as processes, and appends to them in a closed loop over
// raw sockets. Main thread.
common::Result<PathFloor> MeasurePath(const PathOptions& options);

}  // namespace quire::tools
