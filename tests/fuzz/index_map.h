#pragma once

#include <map>
#include <string>

namespace quire::fuzz {

// What bookie::IndexDb::Open opens in the fuzz targets, given as its `env`: an ordered map in
// memory instead of RocksDB, which therefore need not be built a second time.
using IndexMap = std::map<std::string, std::string, std::less<>>;

}  // namespace quire::fuzz
