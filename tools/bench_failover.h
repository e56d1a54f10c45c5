#pragma once

#include <string>
#include <vector>

#include "common/error.h"
#include "tools/bench_options.h"
#include "tools/bench_run.h"
#include "tools/stop_signals.h"

namespace quire::tools {

// How long a log stands still when its writer dies, from the moment that somebody knows. Each round
// a process creates a ledger, appends, has options.unconfirmed more acknowledged of which no bookie
// knows that they are confirmed, and kills itself. Then this process seals the ledger, creates the
// next and appends to it. Tracks: failovers, and its parts seals, creates and first appends.
// kDataLoss when an acknowledged entry is not in the sealed ledger.
common::Result<BenchResult> BenchFailover(const std::string& metadata_uri,
                                          const BenchOptions& options,
                                          const std::vector<NamedProcess>& processes,
                                          StopSignals& signals);

// What the process does that is to die: says the id of its ledger on standard output, and ends by
// SIGKILL. Returns only when it failed.
common::Result<void> WriteAndDie(const std::string& metadata_uri, const BenchOptions& options);

}  // namespace quire::tools
