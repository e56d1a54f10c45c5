#include "rpc/connection_pool.h"

#include "rpc/bookie_connection.h"

namespace quire::rpc {

ConnectionPool::ConnectionPool(AsioLoop& loop, common::Random& random, const PoolOptions& options)
    : loop_(loop), random_(random), options_(options) {}

ConnectionPool::~ConnectionPool() {
  for (const auto& [address, connection] : connections_) connection->Shutdown();
}

std::shared_ptr<BookieChannel> ConnectionPool::Get(const std::string& address) {
  auto& connection = connections_[address];
  if (!connection) {
    connection = std::make_shared<BookieConnection>(loop_, random_, options_, address);
  }
  return connection;
}

}  // namespace quire::rpc
