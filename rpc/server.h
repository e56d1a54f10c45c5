#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "common/error.h"
#include "rpc/asio_loop.h"
#include "rpc/bookie_handler.h"

namespace quire::rpc {

struct ServerOptions {
  std::string address = "127.0.0.1";  // numeric, of the interface to listen on
  std::uint16_t port = 0;             // 0: any free one
  std::size_t max_connections = 4096;
  // Per connection; over one of these the connection is not read until it is below again.
  std::size_t max_calls = 1024;
  // That wait to be written, and that reads under way may bring.
  std::size_t max_reply_bytes = std::size_t{16} * 1024 * 1024;
  // Per connection. Long polls wait by design and do not count as calls; one more is answered BUSY.
  std::size_t max_long_polls = 4096;
};

struct ServerStats {
  std::uint64_t connections = 0;  // open now
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;    // over max_connections
  std::uint64_t malformed = 0;  // frames that ended their connection
  std::uint64_t calls = 0;      // handed to the handler
  std::uint64_t expired = 0;    // calls answered EXPIRED without asking the handler
  std::uint64_t adds = 0;       // entries in calls handed to the handler
};

// Serves a BookieHandler to framed Thrift clients: calls are pipelined, replies leave in the order
// they become ready, those that are ready together in one write. A frame that is malformed or too
// large ends its own connection only. Used and destroyed on the loop's thread or while the loop
// does not run, never from inside a call of the handler.
class Server {
 public:
  Server(AsioLoop& loop, BookieHandler& handler, ServerOptions options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Listens; returns the port. kInvalidArgument for an address that is none or not of this machine,
  // kIo with the reason when the port is in use. Once.
  common::Result<std::uint16_t> Start();

  // Closes the port and every connection. Replies that come later are dropped.
  void Stop();

  const ServerStats& stats() const;

 private:
  class Acceptor;
  const std::shared_ptr<Acceptor> acceptor_;
};

}  // namespace quire::rpc
