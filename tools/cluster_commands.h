#pragma once

#include "tools/session.h"

namespace CLI {
class App;
}  // namespace CLI

namespace quire::tools {

// quire cluster init | status | up
void AddClusterCommands(CLI::App& app, Session& session);

}  // namespace quire::tools
