#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "protocol/ids.h"
#include "tests/simulation/trace.h"

namespace quire::simulation {

// What all witnesses of one history know together: the first thing that happened which may never
// happen, and the facts about ledgers by which they judge. Everything after the first violation is
// a consequence of it.
class Chronicle {
 public:
  explicit Chronicle(Trace& trace) : trace_(trace) {}

  void Violate(std::string what);
  const std::optional<std::string>& violation() const { return violation_; }
  bool fine() const { return !violation_; }

  // Somebody deleted the ledger: bookies may drop it from now on.
  void Deleted(protocol::LedgerId ledger) { deleted_.insert(ledger); }
  bool IsDeleted(protocol::LedgerId ledger) const { return deleted_.contains(ledger); }

  // A bookie or a reader told this LAC; the ledger was closed at this entry (I5).
  void SawLac(protocol::LedgerId ledger, protocol::EntryId lac);
  void Closed(protocol::LedgerId ledger, protocol::EntryId last);

 private:
  void CheckLac(protocol::LedgerId ledger);

  Trace& trace_;
  std::optional<std::string> violation_;
  std::set<protocol::LedgerId> deleted_;
  std::map<protocol::LedgerId, protocol::EntryId> highest_lac_;
  std::map<protocol::LedgerId, protocol::EntryId> ends_;
};

}  // namespace quire::simulation
