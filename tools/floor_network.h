#pragma once

#include <vector>

#include "common/error.h"
#include "tools/histogram.h"

namespace quire::tools {

// A few bytes there and back over TCP, between two threads, so long. Nanoseconds of each trip.
common::Result<Histogram> MeasureLoopback(double seconds);

// Our rpc with a handler that does nothing: adds of `entry_bytes`, `window` of them under way.
struct RpcFloor {
  std::int64_t window = 0;
  double adds_per_second = 0;
  double client_cpu_us = 0;  // for an add
  double server_cpu_us = 0;
};
common::Result<RpcFloor> MeasureRpc(std::int64_t window, std::int64_t entry_bytes, double seconds);

}  // namespace quire::tools
