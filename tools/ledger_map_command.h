#pragma once

#include <cstdint>

#include "tools/session.h"

namespace quire::tools {

// quire ledger map. Returns the exit status.
int LedgerMapCommand(const Session& session, std::int64_t ledger, bool verify);

}  // namespace quire::tools
