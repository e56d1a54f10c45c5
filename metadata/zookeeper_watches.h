#pragma once

#include <map>

#include "metadata/lifetime.h"
#include "metadata/watch_table.h"
#include "metadata/zookeeper_session.h"

namespace quire::metadata {

// The watches of a ZookeeperStore over all its sessions: the callers', and for each watched path
// one of ZooKeeper's behind them. A watch of ZooKeeper's stays until its path changes, also when no
// caller waits any more. Callers are called in turns of their own. Loop thread only. Paths are
// whole.
class ZookeeperWatches {
 public:
  explicit ZookeeperWatches(common::Loop& loop) : loop_(loop) {}

  MetadataStore::WatchHandle Add(ZookeeperSession* session, bool connected, const WatchKey& key,
                                 common::Task changed);

  // Requests on the session go out before those of the calls that waited for it.
  void Connected(ZookeeperSession& session);
  // The session has gone. FireAll() follows when there is another.
  void SessionEnded() { armed_.clear(); }
  void Changed(const ZookeeperSession::Event& event);
  void FireAll();

 private:
  enum class Armed {
    kNotYet,  // waits for a connection
    kSent,
    kYes,
    kLost,  // the request was lost: nobody knows whether the path changed
  };
  void Arm(ZookeeperSession& session, const WatchKey& key);
  void Answered(ZookeeperSession& session, const WatchKey& key, ZookeeperSession::Code code);
  void Fire(const WatchKey& key);

  common::Loop& loop_;
  WatchTable table_;
  std::map<WatchKey, Armed> armed_;
  Lifetime lifetime_;
};

}  // namespace quire::metadata
