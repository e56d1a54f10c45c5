#pragma once

#include <memory>
#include <string>
#include <vector>

#include "protocol/ids.h"
#include "tools/bench_load.h"
#include "tools/bench_options.h"

namespace quire::tools {

// Reads the ledgers with options.readers threads, by options.pattern:
//   kSequential  each from its first entry to its last, options.batch at a time, then again
//   kRandom      single entries below the LAC
//   kTail        what is appended, as soon as it is confirmed; the latency of an entry is the time
//                since its payload was stamped
//   kCatchUp     like kSequential, in ledgers that are still written
std::unique_ptr<Load> MakeReadLoad(std::string metadata_uri, std::vector<protocol::LedgerId> ids,
                                   const BenchOptions& options);

}  // namespace quire::tools
