#include "bookie/memory_budget.h"

#include <algorithm>
#include <string>

namespace quire::bookie {
namespace {

// A connection that is idle takes less than a quarter of it, without the frames it sends.
constexpr std::uint64_t kReceivePerConnection = std::uint64_t{20} << 10;
constexpr std::size_t kLeastConnections = 64;
// Twice this bound may be queued, in buffers that may be half as large again as what is in them.
constexpr std::uint64_t kJournalPerQueued = 4;

std::uint64_t MiB(std::uint64_t bytes) {
  return bytes >> 20;
}

template <typename T>
void AtMost(T& value, std::uint64_t most) {
  value = static_cast<T>(std::min<std::uint64_t>(value, most));
}

}  // namespace

common::Result<MemoryBudget> MemoryBudget::Of(std::uint64_t total, std::size_t directories) {
  if (total == 0) total = directories * kDefaultBytes;
  const std::uint64_t least = kLeastBytes + (directories - 1) * kLeastMoreBytes;
  if (total < least) {
    return common::Fail(common::Errc::kInvalidArgument,
                        std::to_string(MiB(total)) + " MiB of memory are too little for " +
                            std::to_string(directories) + " directories: give the bookie " +
                            std::to_string(MiB(least)) +
                            " MiB or more, or fewer directories to one process");
  }
  const std::uint64_t shared = total - kBaseBytes;
  const auto part = [&](std::uint64_t percent) { return shared * percent / 100; };
  MemoryBudget budget;
  budget.total = total;
  budget.receive = part(15);
  budget.replies = part(16);
  budget.journal = part(14) / directories;
  budget.write_cache = part(28) / directories;
  budget.lookups = part(5) / directories;
  budget.read_cache = part(12) / directories;
  budget.index = part(10) / directories;
  return budget;
}

void MemoryBudget::Limit(ShardOptions& options) const {
  AtMost(options.max_queued_bytes, journal / kJournalPerQueued);
  AtMost(options.store.cache_bytes, MostCacheBytes());
  AtMost(options.max_lookup_bytes, lookups / 2);
  AtMost(options.store.read_cache_bytes, read_cache);
  AtMost(options.store.index_bytes, index);
}

void MemoryBudget::Limit(rpc::ServerOptions& options) const {
  options.receive_bytes = receive;
  options.reply_bytes = replies;
  AtMost(options.max_reply_bytes, replies / 4);
  AtMost(options.max_connections,
         std::max<std::uint64_t>(kLeastConnections, receive / kReceivePerConnection));
}

std::vector<MemoryUse> MemoryBudget::Uses(const rpc::ServerStats& server,
                                          const std::vector<ShardSnapshot>& shards) const {
  const std::uint64_t directories = shards.size();
  MemoryUse queued{.name = "journal", .used = 0, .most = journal * directories};
  MemoryUse cached{.name = "write_cache", .used = 0, .most = write_cache * directories};
  MemoryUse read{.name = "read_cache", .used = 0, .most = read_cache * directories};
  MemoryUse compared{.name = "lookups", .used = 0, .most = lookups * directories};
  for (const ShardSnapshot& shard : shards) {
    queued.used += shard.journal_queued_bytes;
    cached.used += shard.store.cache_bytes;
    read.used += shard.store.read_cache_bytes;
    compared.used += shard.lookup_bytes;
  }
  return {{.name = "receive", .used = server.receive_bytes, .most = receive},
          {.name = "replies", .used = server.reply_bytes, .most = replies},
          queued,
          cached,
          read,
          compared};
}

}  // namespace quire::bookie
