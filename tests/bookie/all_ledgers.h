#pragma once

#include <algorithm>
#include <iterator>
#include <vector>

#include "bookie/shard.h"
#include "protocol/ids.h"

namespace quire::bookie {

// In ascending order, those that are there or those that are deleted, settled or not.
inline std::vector<protocol::LedgerId> AllLedgers(const Shard& shard, bool deleted) {
  LedgerWalk walk;
  while (shard.Step(walk)) {
  }
  auto& ledgers = deleted ? walk.deleted : walk.there;
  if (deleted) std::ranges::copy(shard.tombstones().Ids(), std::back_inserter(ledgers));
  std::ranges::sort(ledgers);
  return ledgers;
}

}  // namespace quire::bookie
