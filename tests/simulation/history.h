#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tests/simulation/history_plan.h"
#include "tests/simulation/simple_bookie.h"

namespace quire::simulation {

struct HistoryResult {
  std::optional<std::string> violation;
  std::uint64_t hash = 0;  // of the events: the same seed gives the same
  std::uint64_t events = 0;
  std::string trace;  // the last lines, when asked for
};

// Runs one history: chaos for a while, then the world heals, the ledger is recovered, and
// everything that must hold is checked. `trace_lines` 0: no trace. The mutant is one of simple
// bookies.
HistoryResult RunHistory(const HistoryPlan& plan, std::size_t trace_lines,
                         BookieMutant mutant = BookieMutant::kNone);

}  // namespace quire::simulation
