#pragma once

#include <cstdint>
#include <string>

#include "common/error.h"
#include "protocol/quorum.h"
#include "tools/histogram.h"
#include "tools/stop_signals.h"

namespace quire::tools {

struct BenchAppendOptions {
  protocol::Replication replication{.ensemble = 3, .write_quorum = 3, .ack_quorum = 2};
  std::int64_t entry_bytes = 1024;
  std::int64_t window = 1000;  // appends in flight, over all ledgers
  std::int64_t ledgers = 1;
  double seconds = 10;
  double warmup_seconds = 2;
};

struct BenchAppendResult {
  double seconds = 0;        // that were measured
  std::int64_t entries = 0;  // acknowledged in them
  Histogram nanoseconds;     // from append to acknowledgement, of each
};

// Appends in a closed loop: each acknowledgement issues the next append. The ledgers are deleted at
// the end. A line per second on standard error. kShutdown when a signal ends it.
common::Result<BenchAppendResult> BenchAppend(const std::string& metadata_uri,
                                              const BenchAppendOptions& options,
                                              StopSignals& signals);

}  // namespace quire::tools
