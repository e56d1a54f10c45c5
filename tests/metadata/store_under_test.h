#pragma once

#include <memory>
#include <string>

#include "metadata/metadata_store.h"
#include "metadata/zookeeper_store.h"
#include "tests/support/thread_loop.h"
#include "tests/support/zookeeper_server.h"

namespace quire::metadata {

// What the sessions of one kind of MetadataStore share: for tests that are run on each kind. Every
// world is an empty tree.
class StoreWorld {
 public:
  virtual ~StoreWorld() = default;
  // A session of its own, on the loop. Not from the loop; to be ended on it.
  virtual std::unique_ptr<MetadataStore> Open(testing::ThreadLoop& loop) = 0;
  // Makes the session that the store has at this moment expire.
  virtual void Expire(testing::ThreadLoop& loop, MetadataStore& store) = 0;
};

// "Memory" or "ZooKeeper".
std::unique_ptr<StoreWorld> MakeStoreWorld(const std::string& kind);

// One server for all tests of a process, ended with it.
testing::ZookeeperServer& SharedZookeeper();

// Waits until the store is connected, then shows its session id and password on another connection
// and closes the session from there. The servers answer the store with "session expired".
void ExpireZookeeperSession(testing::ThreadLoop& loop, ZookeeperStore& store, int port);

}  // namespace quire::metadata
