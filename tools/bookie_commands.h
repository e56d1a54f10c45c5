#pragma once

#include "tools/session.h"

namespace CLI {
class App;
}  // namespace CLI

namespace quire::tools {

// quire bookie list | info
void AddBookieCommands(CLI::App& app, Session& session);

}  // namespace quire::tools
