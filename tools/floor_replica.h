#pragma once

#include <string>

#include "common/error.h"

namespace quire::tools {

// A storage node with nothing in it: says its port on standard output, takes one connection, and
// for whatever has arrived, checks the CRC of each entry, writes all of it with one synced write to
// a recycled direct journal, copies it to a segment file in large direct writes, and acknowledges.
// Until the connection ends. Its files are in the directory, and go.
common::Result<void> RunFloorReplica(const std::string& directory);

}  // namespace quire::tools
