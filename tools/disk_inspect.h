#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tools/session.h"

namespace quire::tools {

// quire disk inspect. Returns the exit status.
int DiskInspect(const Session& session, const std::string& directory,
                std::optional<std::int64_t> ledger);

}  // namespace quire::tools
