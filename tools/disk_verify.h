#pragma once

#include <string>

#include "tools/session.h"

namespace quire::tools {

// quire disk verify. Returns the exit status.
int DiskVerify(const Session& session, const std::string& directory, bool quiet);

}  // namespace quire::tools
