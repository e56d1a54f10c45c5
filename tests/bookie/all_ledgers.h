#pragma once

#include <algorithm>
#include <vector>

#include "bookie/shard.h"
#include "protocol/ids.h"

namespace quire::bookie {

// In ascending order, those that are there or those that are deleted.
inline std::vector<protocol::LedgerId> AllLedgers(const Shard& shard, bool deleted) {
  LedgerWalk walk;
  while (shard.Step(walk)) {
  }
  auto& ledgers = deleted ? walk.deleted : walk.there;
  std::ranges::sort(ledgers);
  return ledgers;
}

}  // namespace quire::bookie
