#pragma once

#include <functional>

#include "bookie/shard_core.h"
#include "common/error.h"
#include "protocol/ids.h"

namespace quire::bookie {

// After a rebuild of the index: puts an id that is new now in the place of the floor that the tool
// left, durably. Whatever was fenced here has an id below. Whoever drew one and has not made its
// ledger yet will be refused, which costs it the ledger and nobody an entry. Otherwise does
// nothing.
//
// Blocking, on the thread that opens the shard, when the journal was replayed. kCorrupt, and
// nothing is changed: the new id is not above all that are here, so the counter of ids went back,
// and below the floor would not be all that may have been fenced.
common::Result<void> FixLimboFloor(
    ShardCore& core, const std::function<common::Result<protocol::LedgerId>()>& new_ledger_id);

}  // namespace quire::bookie
