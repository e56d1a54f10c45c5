#pragma once

#include "common/error.h"
#include "tools/bench_cluster.h"
#include "tools/bench_options.h"
#include "tools/bench_run.h"
#include "tools/stop_signals.h"

namespace quire::tools {

// Each measures one way of using the cluster and deletes its ledgers at the end. kShutdown when a
// signal ends it. Main thread.

common::Result<BenchResult> MeasureAppends(BenchCluster& cluster, const BenchOptions& options,
                                           StopSignals& signals);
// kSequential, kRandom: of closed ledgers that it fills first; an own cluster is restarted before
// they are read. kTail, kCatchUp: while they are written.
common::Result<BenchResult> MeasureReads(BenchCluster& cluster, const BenchOptions& options,
                                         StopSignals& signals);
// Appends, and at the same time reads of other, closed ledgers.
common::Result<BenchResult> MeasureMixed(BenchCluster& cluster, const BenchOptions& options,
                                         StopSignals& signals);
common::Result<BenchResult> MeasureFailovers(BenchCluster& cluster, const BenchOptions& options,
                                             StopSignals& signals);
common::Result<BenchResult> MeasureChurn(BenchCluster& cluster, const BenchOptions& options,
                                         StopSignals& signals);

}  // namespace quire::tools
