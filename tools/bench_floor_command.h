#pragma once

#include "tools/session.h"

namespace CLI {
class App;
}  // namespace CLI

namespace quire::tools {

// quire bench floor, and the replica that it starts.
void AddFloorCommand(CLI::App& bench, Session& session);

}  // namespace quire::tools
