#pragma once

#include "tools/session.h"

namespace CLI {
class App;
}  // namespace CLI

namespace quire::tools {

// quire bench append
void AddBenchCommands(CLI::App& app, Session& session);

}  // namespace quire::tools
