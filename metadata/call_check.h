#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/error.h"
#include "metadata/metadata_store.h"

namespace quire::metadata {

// What every store refuses with kInvalidArgument before anything is sent: paths that are not well
// formed, changes of the root, values above kMaxValueBytes, negative versions (T-31).
common::Result<void> CheckRead(const std::string& path);
common::Result<void> CheckCreate(const std::string& path, std::string_view value);
common::Result<void> CheckChange(const std::string& path, std::string_view value, Version expected);
common::Result<void> CheckMulti(const std::vector<Op>& ops);

}  // namespace quire::metadata
