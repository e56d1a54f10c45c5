#pragma once

#include "tools/session.h"

namespace CLI {
class App;
}  // namespace CLI

namespace quire::tools {

// quire ledger write | read | tail | info | map | seal | list | delete
void AddLedgerCommands(CLI::App& app, Session& session);

}  // namespace quire::tools
