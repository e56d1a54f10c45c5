#include "bookie/limbo_floor.h"

#include <string>

#include "bookie/index_format.h"
#include "common/check.h"

namespace quire::bookie {

using common::Errc;
using common::Fail;
using common::Result;
using protocol::LedgerId;

Result<void> FixLimboFloor(ShardCore& core,
                           const std::function<Result<LedgerId>()>& new_ledger_id) {
  if (core.ledgers.limbo_floor() != kLimboEverywhere) return {};
  QUIRE_CHECK(new_ledger_id != nullptr);
  const auto floor = new_ledger_id();
  if (!floor) return Fail(floor.error());
  const auto highest = core.ledgers.Highest();
  if (highest && *floor <= *highest) {
    const std::string id = std::to_string(highest->value());
    return Fail(Errc::kCorrupt,
                "the index was rebuilt, and the cluster gave ledger id " +
                    std::to_string(floor->value()) + " as a new one, but ledger " + id +
                    " is here already: the counter of ids, /ids in the metadata store, was lost "
                    "or is an old copy. Set it to the highest id that was ever given out, " +
                    id + " or more, then start again");
  }
  QUIRE_TRY(core.store->SetLimboFloor(*floor));
  core.ledgers.set_limbo_floor(*floor);
  core.log.Warning("the index was rebuilt: " + std::to_string(core.ledgers.in_limbo()) +
                   " ledgers are in limbo, and so is any other below " +
                   std::to_string(floor->value()) +
                   ". What is here is served, nothing is denied, and no writer of theirs is "
                   "accepted any more");
  return {};
}

}  // namespace quire::bookie
