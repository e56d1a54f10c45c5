#include "client/ensemble_change.h"

#include <algorithm>
#include <utility>

namespace quire::client {

using common::Errc;
using common::Fail;
using metadata::LedgerMetadata;
using metadata::LedgerState;

metadata::LedgerUpdate EnsembleChange::ToUpdate(PickBookie pick) const {
  const EnsembleChange& change = *this;
  const auto still_there = [change](const LedgerMetadata& ledger, int slot) {
    return ledger.LastEnsemble()[static_cast<std::size_t>(slot)] == change.replacing.at(slot);
  };

  metadata::LedgerUpdate update;
  update.needs = [change, still_there](const LedgerMetadata& ledger) -> common::Result<bool> {
    switch (ledger.state) {
      case LedgerState::kOpen: break;
      case LedgerState::kInRecovery: return Fail(Errc::kFenced);
      case LedgerState::kClosed: return Fail(Errc::kLedgerClosed, "closed by another client");
      case LedgerState::kDeleted: return Fail(Errc::kNoSuchLedger);
    }
    return std::ranges::any_of(change.replacing,
                               [&](const auto& slot) { return still_there(ledger, slot.first); });
  };
  update.transform = [change, still_there, pick = std::move(pick)](
                         const LedgerMetadata& ledger) -> common::Result<LedgerMetadata> {
    metadata::Ensemble ensemble = ledger.LastEnsemble();
    std::set<protocol::BookieId> exclude = change.bad;
    exclude.insert(ensemble.begin(), ensemble.end());
    bool replaced = false;
    for (const auto& [slot, bookie] : change.replacing) {
      if (!still_there(ledger, slot)) continue;
      const auto spare = pick(exclude);
      if (!spare) break;
      ensemble[static_cast<std::size_t>(slot)] = *spare;
      exclude.insert(*spare);
      replaced = true;
    }
    if (!replaced) {
      return Fail(Errc::kNotEnoughBookies, "no bookie is left to replace a failed one");
    }
    if (ledger.LastSegmentFirst() > change.start) {
      return Fail(Errc::kCorrupt, "the last segment begins above what its only writer confirmed");
    }
    LedgerMetadata next = ledger;
    next.segments[change.start] = std::move(ensemble);  // the same start again: replaced in place
    return next;
  };
  return update;
}

}  // namespace quire::client
