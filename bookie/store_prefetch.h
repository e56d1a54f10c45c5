#pragma once

#include <cstddef>

#include "bookie/entry_block.h"
#include "bookie/read_ahead.h"
#include "bookie/store_core.h"

namespace quire::bookie {

// Reads what the segments have of the range, up to about max_bytes, on a reader. Entries that
// cannot be read or do not verify are left out: whoever wants them will find out (T-16). Blocking.
EntryBlock ReadBlock(StoreCore& core, const ReadAhead::Range& range, std::size_t max_bytes);

}  // namespace quire::bookie
