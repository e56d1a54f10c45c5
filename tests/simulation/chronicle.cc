#include "tests/simulation/chronicle.h"

#include <algorithm>
#include <utility>

namespace quire::simulation {

void Chronicle::Violate(std::string what) {
  trace_.Line("VIOLATION ", what);
  if (!violation_) violation_ = std::move(what);
}

void Chronicle::SawLac(protocol::LedgerId ledger, protocol::EntryId lac) {
  auto& highest = highest_lac_.try_emplace(ledger, protocol::kNoEntry).first->second;
  if (lac <= highest) return;
  highest = lac;
  CheckLac(ledger);
}

void Chronicle::Closed(protocol::LedgerId ledger, protocol::EntryId last) {
  ends_.insert_or_assign(ledger, last);
  CheckLac(ledger);
}

void Chronicle::CheckLac(protocol::LedgerId ledger) {
  const auto end = ends_.find(ledger);
  const auto lac = highest_lac_.find(ledger);
  if (end == ends_.end() || lac == highest_lac_.end() || lac->second <= end->second) return;
  Violate("I5 LAC " + std::to_string(lac->second.value()) + " was told of a ledger closed at " +
          std::to_string(end->second.value()));
}

}  // namespace quire::simulation
