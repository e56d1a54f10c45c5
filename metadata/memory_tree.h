#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "metadata/metadata_store.h"
#include "metadata/watch_table.h"

namespace quire::metadata {

// The nodes that the sessions of several MemoryStores share: what the ZooKeeper servers are to the
// ZooKeeper client. Any thread; every function is one atomic step.
class MemoryTree {
 public:
  using SessionId = std::uint64_t;  // 0: nobody
  using WatchId = std::uint64_t;

  SessionId OpenSession();
  // Removes the session's ephemeral nodes.
  void CloseSession(SessionId session);

  // The same rules as MetadataStore's functions of these names. `owner` is the session of an
  // ephemeral node, 0 for a persistent one; kNoNode names an owner that has gone.
  common::Result<Version> Create(const std::string& path, std::string value, SessionId owner);
  common::Result<Versioned> Read(const std::string& path) const;
  common::Result<Version> CompareAndSet(const std::string& path, std::string value,
                                        Version expected);
  common::Result<void> Delete(const std::string& path, Version expected);
  common::Result<void> Multi(std::vector<Op> ops);
  common::Result<std::vector<std::string>> List(const std::string& path, const std::string& after,
                                                std::size_t limit) const;

  // Calls `changed` once, on the thread that makes the next change, as part of that step: it must
  // be quick and must not call the tree. Never called after Unwatch has returned.
  WatchId Watch(const WatchKey& key, common::Task changed);
  void Unwatch(const WatchKey& key, WatchId watch);

 private:
  struct Node {
    std::string value;
    Version version;
    SessionId owner = 0;
    std::set<std::string> children;
  };
  // What a step did: whom to call, and what to put back if the group fails.
  struct Change;

  common::Result<Version> CreateOne(const std::string& path, std::string value, SessionId owner,
                                    Change& change);
  common::Result<Version> SetOne(const std::string& path, std::string value, Version expected,
                                 Change& change);
  common::Result<void> DeleteOne(const std::string& path, Version expected, Change& change);
  common::Result<void> Apply(Op& op, Change& change);
  common::Result<void> EnsureParents(const std::string& path, Change& change);
  void Undo(Change& change);
  void CallWatches(const Change& change);

  mutable std::mutex mutex_;
  // All below are guarded by mutex_.
  std::map<std::string, Node> nodes_;  // by path; the root is there once anything is
  std::set<SessionId> sessions_;
  SessionId last_session_ = 0;
  std::map<WatchKey, std::map<WatchId, common::Task>> watches_;
  WatchId last_watch_ = 0;
};

}  // namespace quire::metadata
