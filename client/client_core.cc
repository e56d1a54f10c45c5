#include "client/client_core.h"

#include "rpc/connection_pool.h"

namespace quire::client {

using common::Errc;
using common::Fail;

ClientCore::ClientCore() = default;

ClientCore::~ClientCore() {
  Shutdown();
}

common::Result<void> ClientCore::Start(const MakeStore& make_store) {
  return Call<void>([this, &make_store](auto done) {
    auto store = make_store(loop_);
    if (!store) return done(Fail(std::move(store).error()));
    store_ = *std::move(store);
    pool_ = std::make_unique<rpc::ConnectionPool>(loop_, random_, rpc::PoolOptions{});
    engine_ = std::make_unique<Engine>(loop_, *store_, *pool_, random_);
    metadata::ReadInstance(*store_, [this, done = std::move(done)](auto instance) mutable {
      if (!instance) return done(Fail(std::move(instance).error()));
      engine_->Start(std::move(done));
    });
  });
}

rpc::ChannelPool& ClientCore::channels() {
  return *pool_;
}

bool ClientCore::Enter() {
  const std::lock_guard lock(mutex_);
  if (closed_) return false;
  ++inside_;
  return true;
}

void ClientCore::Leave() {
  const std::lock_guard lock(mutex_);
  if (--inside_ == 0) left_.notify_all();
}

void ClientCore::Shutdown() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(closed_, true)) return;
  }
  std::promise<void> told;
  loop_.Post([this, &told] {
    stopping_ = true;
    for (const auto& weak : std::exchange(farewells_, {})) {
      if (const auto farewell = weak.lock()) (*farewell)();
    }
    for (auto& [id, fail] : std::exchange(calls_, {})) fail();
    told.set_value();
  });
  told.get_future().wait();
  {
    std::unique_lock lock(mutex_);
    left_.wait(lock, [this] { return inside_ == 0; });
  }
  // What is still queued on the loop is dropped unrun; only then may what it refers to go.
  loop_.Stop();
  engine_.reset();
  pool_.reset();
  store_.reset();
}

}  // namespace quire::client
