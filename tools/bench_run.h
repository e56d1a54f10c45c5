#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/error.h"
#include "tools/bench_load.h"
#include "tools/bench_options.h"
#include "tools/process_usage.h"
#include "tools/stop_signals.h"

namespace quire::tools {

// About a second of a load.
struct Interval {
  double end = 0;      // seconds after the begin of the measurement
  double seconds = 0;  // its length
  std::int64_t entries = 0;
  std::uint64_t p50 = 0;  // nanoseconds
  std::uint64_t p99 = 0;
  std::uint64_t p999 = 0;
};

struct TrackResult {
  std::string name;  // what it does, in the plural: "appends"
  Tally total;
  std::vector<Interval> intervals;
};

struct BenchResult {
  double seconds = 0;  // that were measured
  std::vector<TrackResult> tracks;
  std::vector<ProcessShare> processes;
  std::optional<double> floor_per_second;  // of the first track, if it was measured beside
};

// A load and what it does, in the plural.
struct Track {
  std::string name;
  Load* load = nullptr;
};

// How long the next interval of a measurement is that goes on for so many seconds: a second, and
// never so short a rest that a rate over it says nothing.
double IntervalLength(double seconds_left);

// Runs the loads together: a warm-up that does not count, then the measurement. A line a second on
// standard error. kShutdown when a signal ends it. Main thread.
common::Result<BenchResult> RunLoads(const std::vector<Track>& tracks, const BenchOptions& options,
                                     const std::vector<NamedProcess>& processes,
                                     StopSignals& signals);

}  // namespace quire::tools
