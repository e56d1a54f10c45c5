#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>

#include "metadata/ledger_store.h"
#include "protocol/ids.h"
#include "protocol/uuid.h"

namespace quire::client {

// Chooses a bookie that is none of `exclude`; nullopt: there is none. Given by the driver, so that
// the protocol itself holds neither randomness nor the list of bookies.
using PickBookie =
    std::function<std::optional<protocol::BookieId>(const std::set<protocol::BookieId>& exclude)>;

// One change of a writer's ensemble: which slots failed, and from which entry on the new ensemble
// holds (protocol 1.5 "Ensemble change").
struct EnsembleChange {
  protocol::EntryId start;                      // LAC + 1, frozen while the change runs (T-07)
  std::map<int, protocol::BookieId> replacing;  // slot -> the bookie that failed there
  std::set<protocol::BookieId> bad;             // failed in this round: never picked again (T-09)

  // The metadata update. needs: kFenced when somebody recovers the ledger, kLedgerClosed when it is
  // closed. transform: kNotEnoughBookies when not one slot can be replaced; replaces what it can.
  metadata::LedgerUpdate ToUpdate(PickBookie pick) const;
};

}  // namespace quire::client
