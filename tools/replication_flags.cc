#include "tools/replication_flags.h"

#include <CLI/CLI.hpp>

#include "tools/console.h"

namespace quire::tools {

void AddReplicationFlags(CLI::App& app, protocol::Replication& replication) {
  app.add_option("-E,--ensemble", replication.ensemble, "Bookies that the entries are striped over")
      ->capture_default_str();
  app.add_option("-W,--write-quorum", replication.write_quorum, "Bookies that get each entry")
      ->capture_default_str();
  app.add_option("-A,--ack-quorum", replication.ack_quorum,
                 "Bookies that must have an entry on disk before it is acknowledged")
      ->capture_default_str();
}

void WarnOfOneCopy(const protocol::Replication& replication) {
  if (replication.ack_quorum == 1) {
    Warn(
        "ack quorum 1: an acknowledged entry may be on one bookie only, and lost with it; use "
        "--ack-quorum 2 or more for data that matters");
  }
}

}  // namespace quire::tools
