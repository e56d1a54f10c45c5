#pragma once

#include "tools/session.h"

namespace CLI {
class App;
}  // namespace CLI

namespace quire::tools {

// quire bench append|read|mixed|failover|churn|floor
void AddBenchCommands(CLI::App& app, Session& session);

}  // namespace quire::tools
