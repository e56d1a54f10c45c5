#pragma once

#include <cstddef>

#include "common/error.h"

namespace quire::bookie {

// What one directory keeps open: segments, tables of the index, journal files.
inline constexpr std::size_t kDescriptorsPerDirectory = 512;
// Logs, the metadata store's connection, HTTP.
inline constexpr std::size_t kDescriptorsOfProcess = 128;

// Makes sure that this process may open so many files and sockets: a bookie that runs out of them
// in the middle of its work fails in strange places. Raises the soft limit; kInvalidArgument, with
// what to do, when the hard one is lower.
common::Result<void> EnsureDescriptors(std::size_t count);

}  // namespace quire::bookie
