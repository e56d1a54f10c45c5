#pragma once

#include "protocol/quorum.h"

namespace CLI {
class App;
}  // namespace CLI

namespace quire::tools {

// --ensemble, --write-quorum and --ack-quorum, the same for every command that creates ledgers.
// `replication` keeps what was parsed and must outlive the parsing.
void AddReplicationFlags(CLI::App& app, protocol::Replication& replication);

// Says on standard error when an acknowledged entry would be on one bookie only.
void WarnOfOneCopy(const protocol::Replication& replication);

}  // namespace quire::tools
