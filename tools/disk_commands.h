#pragma once

#include "tools/session.h"

namespace CLI {
class App;
}  // namespace CLI

namespace quire::tools {

// quire disk inspect | verify
void AddDiskCommands(CLI::App& app, Session& session);

}  // namespace quire::tools
