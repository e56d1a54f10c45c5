#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bookie/directory_lock.h"
#include "bookie/identity.h"
#include "bookie/log.h"
#include "bookie/shard.h"
#include "bookie/shard_options.h"
#include "common/disk.h"
#include "common/error.h"
#include "common/loop.h"
#include "common/random.h"
#include "common/worker.h"
#include "metadata/cookie.h"

namespace quire::bookie {

// One --dir of a daemon with everything that works on it: the lock, the cookie, the disks below it
// (journal/ and segments/, and index/ for RocksDB), the threads and the shard.
class ShardHome {
 public:
  struct Plan {
    std::string directory;
    std::string host;  // as advertised
    protocol::InstanceId instance;
    std::int64_t now_ms = 0;  // since 1970
    bool rejoin = false;      // see Identity
    ShardOptions options;
    int reader_threads = 1;
    Storage storage;
    // See ShardResources.
    std::function<common::Result<protocol::LedgerId>()> new_ledger_id;
  };

  // Locks the directory, claims its identity, opens the shard. Blocking; not on the loop. Errors
  // name the directory.
  static common::Result<std::unique_ptr<ShardHome>> Open(common::Loop& loop, Plan plan,
                                                         const CookieRegistry& registry,
                                                         common::Random& random, const Log& log,
                                                         Shard::Events events);
  // The shard was closed before. Waits for the threads.
  ~ShardHome();
  ShardHome(const ShardHome&) = delete;
  ShardHome& operator=(const ShardHome&) = delete;

  // Loop thread.
  Shard& shard() { return *shard_; }
  void CloseShard() { shard_.reset(); }

  const metadata::Cookie& cookie() const { return cookie_; }
  const Log& log() const { return log_; }

 private:
  ShardHome(DirectoryLock lock, metadata::Cookie cookie, Log log);
  common::Result<void> OpenShard(common::Loop& loop, const Plan& plan,
                                 std::unique_ptr<common::Disk> top, Shard::Events events);

  // Constant after Open. Goes from the end: the threads before the disks they work on.
  const DirectoryLock lock_;
  const metadata::Cookie cookie_;
  const Log log_;
  std::unique_ptr<common::Disk> top_disk_;
  std::unique_ptr<common::Disk> journal_disk_;
  std::unique_ptr<common::Disk> segment_disk_;
  std::unique_ptr<common::ThreadWorker> journal_worker_;
  std::unique_ptr<common::ThreadWorker> flush_worker_;
  std::unique_ptr<common::ThreadWorker> compaction_worker_;
  std::vector<std::unique_ptr<common::ThreadWorker>> readers_;
  // Loop thread, after Open.
  std::unique_ptr<Shard> shard_;
};

}  // namespace quire::bookie
