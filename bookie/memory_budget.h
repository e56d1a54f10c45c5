#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bookie/metrics_snapshot.h"
#include "bookie/shard_options.h"
#include "common/error.h"
#include "rpc/server.h"

namespace quire::bookie {

// How the memory of a bookie process is shared out: one number for all of it, and a fixed part of
// that for each thing that grows with load. Nothing lends to anything else, so that no load of one
// kind takes what another one needs. What grows with the number of ledgers (about 100 bytes each)
// is not in it.
struct MemoryBudget {
  // What the process takes without load: code, stacks, RocksDB, the metadata client, connections.
  static constexpr std::uint64_t kBaseBytes = std::uint64_t{48} << 20;
  static constexpr std::uint64_t kLeastBytes = std::uint64_t{112} << 20;     // with one directory
  static constexpr std::uint64_t kLeastMoreBytes = std::uint64_t{48} << 20;  // for each other one
  static constexpr std::uint64_t kDefaultBytes = std::uint64_t{512} << 20;   // for each directory

  // `total` 0: the default. kInvalidArgument, with what to do, when it is too little.
  static common::Result<MemoryBudget> Of(std::uint64_t total, std::size_t directories);

  std::uint64_t total = 0;
  // Of the process.
  std::uint64_t receive = 0;
  std::uint64_t replies = 0;
  // Of each directory.
  std::uint64_t journal = 0;
  std::uint64_t write_cache = 0;
  std::uint64_t lookups = 0;
  std::uint64_t read_cache = 0;
  std::uint64_t index = 0;

  // StoreOptions::cache_bytes at most: two halves, with what is lost at the ends of their chunks.
  std::uint64_t MostCacheBytes() const { return write_cache / 2 * 7 / 8; }

  // Lowers what does not fit; an operator who asked for less gets less.
  void Limit(ShardOptions& options) const;
  void Limit(rpc::ServerOptions& options) const;

  // Each part of the whole process, as far as it is counted.
  std::vector<MemoryUse> Uses(const rpc::ServerStats& server,
                              const std::vector<ShardSnapshot>& shards) const;
};

}  // namespace quire::bookie
