#pragma once

#include "protocol/quorum.h"
#include "tools/entry_source.h"
#include "tools/session.h"

namespace quire::tools {

struct LedgerWriteOptions {
  protocol::Replication replication;
  EntrySource::Options cut;
  bool no_close = false;
  bool report_acks = false;
};

// quire ledger write: standard input becomes a ledger. Returns the exit status.
int LedgerWrite(const Session& session, const LedgerWriteOptions& options);

}  // namespace quire::tools
