#pragma once

#include <string>
#include <string_view>

#include "common/error.h"

namespace quire::metadata {

// "/", or segments that begin with a slash and are neither empty nor "." nor ".." and hold no
// control characters. kInvalidArgument otherwise: both stores refuse the same paths.
common::Result<void> CheckPath(std::string_view path);

// "/a/b" -> "/a", "/a" -> "/". Not of "/".
std::string_view ParentPath(std::string_view path);

// "/a/b" -> "b". Not of "/".
std::string_view NodeName(std::string_view path);

}  // namespace quire::metadata
