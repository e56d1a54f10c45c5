#pragma once

#include <map>
#include <memory>

#include "metadata/lifetime.h"
#include "metadata/memory_tree.h"
#include "metadata/metadata_store.h"
#include "metadata/session_listeners.h"
#include "metadata/watch_table.h"

namespace quire::metadata {

// One session on a MemoryTree: metadata for clusters that live in one process, and for the
// simulation. Behaves as the ZooKeeper store does, except that it is always connected and never
// ambiguous. Loop thread only; the tree may be shared with stores on other loops.
class MemoryStore final : public MetadataStore {
 public:
  MemoryStore(common::Loop& loop, std::shared_ptr<MemoryTree> tree);
  // Ends the session. Calls under way and watches are forgotten: nothing runs after this.
  ~MemoryStore() override;
  MemoryStore(const MemoryStore&) = delete;
  MemoryStore& operator=(const MemoryStore&) = delete;

  void Create(std::string path, std::string value, NodeKind kind, VersionDone done) override;
  void Read(std::string path, ReadDone done) override;
  void CompareAndSet(std::string path, std::string value, Version expected,
                     VersionDone done) override;
  void Delete(std::string path, Version expected, Done done) override;
  void Multi(std::vector<Op> ops, Done done) override;
  void List(std::string path, std::string after, std::size_t limit, ListDone done) override;
  WatchHandle Watch(std::string path, common::Task changed) override;
  WatchHandle WatchChildren(std::string path, common::Task changed) override;
  WatchHandle OnSession(common::Callback<SessionEvent> event) override;

  // As if the servers had not heard of this session for too long: its ephemeral nodes go, a new
  // session begins, every watch is called and kNewSession is told, in a later turn.
  void ExpireSession();

 private:
  template <typename T>
  void Complete(common::Callback<common::Result<T>> done, common::Result<T> result);
  WatchHandle AddWatch(const WatchKey& key, common::Task changed);

  common::Loop& loop_;
  const std::shared_ptr<MemoryTree> tree_;
  MemoryTree::SessionId session_;
  WatchTable watches_;
  std::map<WatchKey, MemoryTree::WatchId> armed_;  // the tree's watches behind watches_
  SessionListeners listeners_;
  Lifetime lifetime_;
};

}  // namespace quire::metadata
