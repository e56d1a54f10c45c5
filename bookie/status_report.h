#pragma once

#include <string>
#include <vector>

#include "bookie/metrics_process.h"
#include "bookie/metrics_snapshot.h"

namespace quire::bookie {

// "waiting for the metadata store", "serving", ...
std::string_view PhaseName(DaemonPhase phase);

// Why the daemon should get no new ledgers, one line for each reason; empty: it is ready. A daemon
// with several directories is ready when all of them are.
std::vector<std::string> WhyNotReady(const DaemonSnapshot& daemon);

// GET /status: the daemon as one JSON object, for people and scripts.
std::string StatusReport(const DaemonSnapshot& daemon, const ProcessFacts& process);

}  // namespace quire::bookie
