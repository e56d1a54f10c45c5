#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bookie/index_db.h"
#include "common/error.h"

namespace quire::bookie {

// One of RocksDB's files with keys and values.
struct IndexTable {
  std::string name;
  std::uint64_t bytes = 0;
  std::string smallest;  // keys
  std::string largest;
};

// The index of a stopped bookie; its code is beside IndexDb's, in the one place that knows RocksDB.
// Nothing on disk changes, not even RocksDB's own log.
class OfflineIndexDb : public IndexDb {
 public:
  // Null when there is no index at all. Other errors: what RocksDB says.
  static common::Result<std::unique_ptr<OfflineIndexDb>> Open(const std::string& path);

  virtual std::vector<IndexTable> Tables() const = 0;
};

// Reads all of a table file, in the index or not, and verifies every block.
common::Result<void> VerifyIndexTable(const std::string& path);

}  // namespace quire::bookie
