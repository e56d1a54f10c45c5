#pragma once

#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "common/error.h"
#include "common/loop.h"
#include "common/random.h"
#include "metadata/ledger_metadata.h"
#include "metadata/registry.h"

namespace quire::client {

// Chooses bookies at random among the registered, writable ones. Never two behind the same daemon
// (they would fail together), and a bookie that failed a moment ago only when nobody else is left.
// Loop thread only.
class Placement {
 public:
  Placement(common::Loop& loop, const metadata::BookieDirectory& directory, common::Random& random);

  // kNotEnoughBookies says how many there are.
  common::Result<metadata::Ensemble> Pick(int ensemble_size);

  // A bookie that is none of `exclude` and shares no daemon with any of them; nullopt: none.
  std::optional<protocol::BookieId> Replace(const std::set<protocol::BookieId>& exclude);

  void NoteFailure(protocol::BookieId bookie);
  bool FailedRecently(protocol::BookieId bookie) const;

 private:
  std::optional<protocol::BookieId> PickOne(const std::set<protocol::BookieId>& bookies,
                                            const std::set<std::string>& addresses, bool recent);

  common::Loop& loop_;
  const metadata::BookieDirectory& directory_;
  common::Random& random_;
  std::unordered_map<protocol::BookieId, common::TimePoint> failures_;
};

}  // namespace quire::client
