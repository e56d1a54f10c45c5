#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>

#include "common/random.h"
#include "rpc/asio_loop.h"
#include "rpc/bookie_channel.h"

namespace quire::rpc {

struct PoolOptions {
  common::Duration add_timeout = std::chrono::seconds(5);
  // Of the other calls when their request sets no deadline. A long poll waits on top of it.
  common::Duration call_timeout = std::chrono::seconds(5);
  common::Duration connect_timeout = std::chrono::seconds(2);
  common::Duration least_backoff = std::chrono::milliseconds(50);
  common::Duration most_backoff = std::chrono::seconds(5);
  // Requests without answer, of one connection; over it a call ends with kBusy.
  std::size_t max_outstanding_bytes = std::size_t{64} * 1024 * 1024;
};

class BookieConnection;

// Channels over TCP, one connection per address. Used and destroyed on the loop's thread or while
// the loop does not run. A channel may be held longer than the pool: it then answers kDisconnected,
// as do the calls that are under way when the pool goes.
class ConnectionPool final : public ChannelPool {
 public:
  ConnectionPool(AsioLoop& loop, common::Random& random, const PoolOptions& options);
  ~ConnectionPool() override;
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;

  std::shared_ptr<BookieChannel> Get(const std::string& address) override;

 private:
  AsioLoop& loop_;
  common::Random& random_;
  const PoolOptions options_;
  std::unordered_map<std::string, std::shared_ptr<BookieConnection>> connections_;  // loop thread
};

}  // namespace quire::rpc
