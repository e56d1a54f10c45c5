#pragma once

#include <string>

#include "bookie/metrics_process.h"
#include "bookie/metrics_snapshot.h"

namespace quire::bookie {

// GET /metrics: everything a daemon counts, in the Prometheus text format. Units are seconds and
// bytes. Samples of a directory carry bookie="<first 8 hex digits of its id>"; no label has a value
// that grows with the load (no ledgers, no clients).
std::string MetricsPage(const DaemonSnapshot& daemon, const ProcessFacts& process);

}  // namespace quire::bookie
