#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tests/simulation/history_plan.h"

namespace quire::simulation {

struct HistoryResult {
  std::optional<std::string> violation;
  std::uint64_t hash = 0;  // of the events: the same seed gives the same
  std::uint64_t events = 0;
  std::string trace;  // the last lines, when asked for
};

// Runs one history: chaos for a while, then the world heals (or a core of it), the ledger is
// recovered, and everything that must hold is checked. `trace_lines` 0: no trace.
HistoryResult RunHistory(const HistoryPlan& plan, std::size_t trace_lines);

}  // namespace quire::simulation
