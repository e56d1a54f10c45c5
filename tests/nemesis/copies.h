#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

#include "metadata/ledger_metadata.h"
#include "protocol/messages.h"

namespace quire::nemesis {

// What each bookie says it holds of a ledger; one that is gone for good is not in it.
using Holdings = std::map<protocol::BookieId, std::vector<protocol::EntryRun>>;

// The entry of a closed ledger with the fewest copies where the metadata say that they are.
struct FewestCopies {
  protocol::EntryId entry = protocol::kNoEntry;  // kNoEntry: the ledger is empty
  int copies = 0;
  int gone = 0;  // slots of its write set whose bookies are gone: they may have had one

  // Copies that it may be said to have: of all that are gone one is believed, as the checker does.
  int believed() const { return copies + std::min(gone, 1); }
};

FewestCopies CountCopies(const metadata::LedgerMetadata& ledger, const Holdings& holdings);

}  // namespace quire::nemesis
