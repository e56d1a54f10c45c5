#pragma once

#include <cstdint>
#include <optional>

#include "tools/session.h"

namespace quire::tools {

struct LedgerReadOptions {
  std::int64_t ledger = 0;
  std::optional<std::int64_t> from;
  std::optional<std::int64_t> to;
  bool lines = false;  // a newline after each entry
};

// quire ledger read: the payloads to standard output. Returns the exit status.
int LedgerRead(const Session& session, const LedgerReadOptions& options);

// quire ledger tail: the same as they are confirmed, until the ledger is closed.
int LedgerTail(const Session& session, const LedgerReadOptions& options);

}  // namespace quire::tools
