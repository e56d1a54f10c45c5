#pragma once

#include <string>

#include "tools/session.h"

namespace quire::tools {

// quire disk rebuild-index; the exit status.
int DiskRebuild(const Session& session, const std::string& directory, bool yes, bool quiet);

}  // namespace quire::tools
