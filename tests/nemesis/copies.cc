#include "tests/nemesis/copies.h"

#include <algorithm>

#include "protocol/quorum.h"

namespace quire::nemesis {
namespace {

bool Holds(const std::vector<protocol::EntryRun>& runs, protocol::EntryId entry) {
  return std::ranges::any_of(runs, [entry](const protocol::EntryRun& run) {
    return run.first <= entry && entry < run.first + run.count;
  });
}

FewestCopies CountOf(protocol::EntryId entry, const metadata::LedgerMetadata& ledger,
                     const Holdings& holdings) {
  FewestCopies count{.entry = entry};
  for (int i = 0; i < ledger.replication.write_quorum; ++i) {
    const int slot = protocol::WriteSetSlot(ledger.replication, entry, i);
    const auto held = holdings.find(ledger.EnsembleOf(entry)[static_cast<std::size_t>(slot)]);
    if (held == holdings.end()) {
      ++count.gone;
    } else if (Holds(held->second, entry)) {
      ++count.copies;
    }
  }
  return count;
}

}  // namespace

FewestCopies CountCopies(const metadata::LedgerMetadata& ledger, const Holdings& holdings) {
  FewestCopies fewest;
  for (protocol::EntryId entry(0); entry <= ledger.last_entry; ++entry) {
    const FewestCopies count = CountOf(entry, ledger, holdings);
    if (fewest.entry == protocol::kNoEntry || count.believed() < fewest.believed()) fewest = count;
  }
  return fewest;
}

}  // namespace quire::nemesis
