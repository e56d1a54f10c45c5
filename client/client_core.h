#pragma once

#include <chrono>
#include <future>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "client/engine.h"
#include "common/check.h"
#include "common/random.h"
#include "rpc/asio_loop.h"

namespace quire::rpc {
class ConnectionPool;
}  // namespace quire::rpc

namespace quire::client {

// Milliseconds since 1970: for records that people read, never for decisions.
inline std::int64_t WallClockMillis() {
  using std::chrono::system_clock;
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             system_clock::now().time_since_epoch())
      .count();
}

// What a Client and its handles share: the loop thread, the store, the connections and the engine.
// Bridges blocking calls of any thread to the loop. Handles keep it alive; after Shutdown every
// call ends with kShutdown.
class ClientCore : public std::enable_shared_from_this<ClientCore> {
 public:
  ClientCore();
  ~ClientCore();

  using MakeStore =
      std::function<common::Result<std::unique_ptr<metadata::MetadataStore>>(common::Loop& loop)>;

  common::Result<void> Start(const MakeStore& make_store);
  // Ends calls under way, stops the thread, closes the connections. Not from the loop.
  void Shutdown();

  // Runs `start(done)` on the loop and waits for `done` to be called with a common::Result<T>.
  template <typename T, typename StartCall>
  common::Result<T> Call(StartCall start) {
    QUIRE_CHECK(!loop_.InLoopThread());  // it would wait for itself
    auto promise = std::make_shared<std::promise<common::Result<T>>>();
    auto future = promise->get_future();
    if (!Enter()) return common::Fail(common::Errc::kShutdown);
    loop_.Post([this, start = std::move(start), promise]() mutable {
      if (stopping_) return promise->set_value(common::Fail(common::Errc::kShutdown));
      const std::uint64_t id = next_call_++;
      calls_[id] = [promise] { promise->set_value(common::Fail(common::Errc::kShutdown)); };
      start(common::Callback<common::Result<T>>(
          [weak = weak_from_this(), id, promise](common::Result<T> result) {
            const auto core = weak.lock();
            if (core && core->calls_.erase(id) > 0) promise->set_value(std::move(result));
          }));
    });
    auto result = future.get();
    Leave();
    return result;
  }

  rpc::AsioLoop& loop() { return loop_; }
  Engine& engine() { return *engine_; }                 // loop thread
  metadata::MetadataStore& store() { return *store_; }  // loop thread
  rpc::ChannelPool& channels();                         // loop thread

  // Called on the loop at shutdown, unless dropped before. Loop thread.
  void AtShutdown(std::weak_ptr<common::Task> farewell) {
    farewells_.push_back(std::move(farewell));
  }

 private:
  bool Enter();
  void Leave();

  common::Random random_ = common::SystemRandom();
  rpc::AsioLoop loop_{"quire-client"};

  // Guarded by mutex_: blocking calls between Enter and Leave; Shutdown waits for them.
  std::mutex mutex_;
  std::condition_variable left_;
  int inside_ = 0;
  bool closed_ = false;

  // Loop thread.
  std::unique_ptr<metadata::MetadataStore> store_;
  std::unique_ptr<rpc::ConnectionPool> pool_;
  std::unique_ptr<Engine> engine_;
  bool stopping_ = false;
  std::uint64_t next_call_ = 1;
  std::map<std::uint64_t, common::Task> calls_;
  std::vector<std::weak_ptr<common::Task>> farewells_;
};

}  // namespace quire::client
