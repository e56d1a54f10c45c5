#pragma once

#include <string>

#include "common/error.h"

namespace quire::tools {

// A TCP port of 127.0.0.1 that nobody listened on a moment ago.
common::Result<int> FreeLoopbackPort();

// Sends the request to a port of 127.0.0.1 and returns what came back until the other side closed;
// empty when nobody answers within a second.
std::string AskLoopback(int port, const std::string& request);

}  // namespace quire::tools
