#include "tests/metadata/store_under_test.h"

#include <unistd.h>
#include <zookeeper/zookeeper.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <thread>

#include "metadata/memory_store.h"

namespace quire::metadata {
namespace {

class MemoryWorld final : public StoreWorld {
 public:
  std::unique_ptr<MetadataStore> Open(testing::ThreadLoop& loop) override {
    return loop.Run([&] { return std::make_unique<MemoryStore>(loop, tree_); });
  }
  void Expire(testing::ThreadLoop& loop, MetadataStore& store) override {
    loop.Run([&] { static_cast<MemoryStore&>(store).ExpireSession(); });
  }

 private:
  const std::shared_ptr<MemoryTree> tree_ = std::make_shared<MemoryTree>();
};

class ZookeeperWorld final : public StoreWorld {
 public:
  std::unique_ptr<MetadataStore> Open(testing::ThreadLoop& loop) override {
    return loop.Run([&] {
      ZookeeperOptions options;
      options.session_timeout = std::chrono::seconds(4);
      return ZookeeperStore::Open(loop, server_.uri(root_), options).value();
    });
  }
  void Expire(testing::ThreadLoop& loop, MetadataStore& store) override {
    ExpireZookeeperSession(loop, static_cast<ZookeeperStore&>(store), server_.port());
  }

 private:
  static std::string NextRoot() {
    static int count = 0;
    return "tests/of-" + std::to_string(getpid()) + "/world-" + std::to_string(++count);
  }
  // Started here, on the main thread, with which it ends.
  testing::ZookeeperServer& server_ = SharedZookeeper();
  const std::string root_ = NextRoot();
};

}  // namespace

std::unique_ptr<StoreWorld> MakeStoreWorld(const std::string& kind) {
  if (kind == "Memory") return std::make_unique<MemoryWorld>();
  return std::make_unique<ZookeeperWorld>();
}

testing::ZookeeperServer& SharedZookeeper() {
  static testing::ZookeeperServer server;
  return server;
}

void ExpireZookeeperSession(testing::ThreadLoop& loop, ZookeeperStore& store, int port) {
  const auto answered =
      loop.Await<Versioned>([&](auto done) { store.Read("/no-such-node", std::move(done)); });
  if (answered || answered.error().code() != common::Errc::kNoNode) {
    throw std::runtime_error("the store is not connected");
  }
  const std::string identity = loop.Run([&] { return store.session_identity(); });
  clientid_t id;
  if (identity.size() != sizeof(id)) throw std::runtime_error("the store has no session");
  std::memcpy(&id, identity.data(), sizeof(id));

  // Both connections take the session from each other until one of them closes it; that works only
  // while it has it.
  const std::string server = "127.0.0.1:" + std::to_string(port);
  for (int attempt = 0; attempt < 20; ++attempt) {
    std::atomic<bool> connected = false;
    const auto watcher = [](zhandle_t*, int type, int state, const char*, void* context) {
      const bool settled = state == ZOO_CONNECTED_STATE || state == ZOO_EXPIRED_SESSION_STATE;
      if (type != ZOO_SESSION_EVENT || !settled) return;
      auto* flag = static_cast<std::atomic<bool>*>(context);
      *flag = true;
      flag->notify_all();
    };
    zhandle_t* twin =
        zookeeper_init2(server.c_str(), watcher, 4000, &id, &connected, 0, [](const char*) {});
    connected.wait(false);
    zookeeper_close(twin);
    for (int poll = 0; poll < 100; ++poll) {
      if (loop.Run([&] { return store.Connected() && store.session_identity() != identity; }))
        return;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  throw std::runtime_error("the session does not expire");
}

}  // namespace quire::metadata
