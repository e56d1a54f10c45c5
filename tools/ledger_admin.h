#pragma once

#include <cstdint>

#include "tools/session.h"

namespace quire::tools {

// quire ledger info | seal | list | delete. Each returns the exit status.
int LedgerInfo(const Session& session, std::int64_t ledger);
int LedgerSeal(const Session& session, std::int64_t ledger);
int LedgerList(const Session& session, std::int64_t after, std::int64_t limit);
int LedgerDelete(const Session& session, std::int64_t ledger);

}  // namespace quire::tools
