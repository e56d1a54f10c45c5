#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "metadata/metadata_store.h"

namespace quire::metadata {

struct ZookeeperOptions {
  common::Duration session_timeout = std::chrono::seconds(10);  // the servers may bound it
  common::Duration call_timeout = std::chrono::seconds(10);     // every call ends in this time
  // How long a call waits for a connection before it says kMetadataUnavailable.
  common::Duration connect_timeout = std::chrono::seconds(5);
  std::size_t max_calls = 4096;  // under way at once; more are refused
  bool log_to_stderr = false;    // the C client's own error log
};

// The metadata store of a cluster: a tree in ZooKeeper, below the root that its address names.
//
// Reads follow a sync on the same session. That is linearizable as long as the server that leads is
// the only one that believes so; a deposed leader finds out within syncLimit ticks.
//
// A session that expires is replaced by a new one: what was sent is ambiguous or unavailable,
// watches are called, kNewSession is told. Loop thread only; the C client's threads do nothing but
// post.
class ZookeeperStore final : public MetadataStore {
 public:
  // Returns at once; calls wait for the connection within their limits. kInvalidArgument when the
  // address cannot be understood.
  static common::Result<std::unique_ptr<ZookeeperStore>> Open(common::Loop& loop,
                                                              std::string_view uri,
                                                              ZookeeperOptions options = {});
  // Ends the session, and with it ephemeral nodes. Waits for the C client's threads, some seconds
  // when the server hangs. Calls under way and watches are forgotten: nothing runs after this.
  ~ZookeeperStore() override;
  ZookeeperStore(const ZookeeperStore&) = delete;
  ZookeeperStore& operator=(const ZookeeperStore&) = delete;

  bool Connected() const;
  // What another connection must show to take part in this session; empty before the first one.
  std::string session_identity() const;

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

 private:
  class Impl;
  explicit ZookeeperStore(std::unique_ptr<Impl> impl);

  const std::unique_ptr<Impl> impl_;
};

}  // namespace quire::metadata
