#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "tools/bench_options.h"
#include "tools/bench_run.h"

namespace quire::tools {

// What a benchmark saw, for a person and for a program. Costs (CPU, bytes written) are per entry of
// the first track.
std::string TextReport(const std::string& mode, const BenchOptions& options,
                       const BenchResult& result);
nlohmann::json JsonReport(const std::string& mode, const BenchOptions& options,
                          const BenchResult& result);

// Throughput and latency percentiles over time, as an SVG file.
std::string PlotReport(const std::string& mode, const BenchOptions& options,
                       const BenchResult& result);

}  // namespace quire::tools
