#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
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
  // That wait to be written, and that calls under way may bring.
  std::size_t max_reply_bytes = std::size_t{16} * 1024 * 1024;
  // Per connection. Long polls wait by design and do not count as calls; one more is answered BUSY.
  std::size_t max_long_polls = 4096;
  // Of all connections together: frames that have not come whole or wait for their turn; calls
  // under way, with the most that they may bring, and replies that are not written yet. Who finds
  // no room is not read until there is some. At least kLeastReceiveBytes and kLeastReplyBytes.
  std::size_t receive_bytes = std::size_t{64} * 1024 * 1024;
  std::size_t reply_bytes = std::size_t{64} * 1024 * 1024;
  // A peer that does not take its replies, or does not end a frame it began, goes after so long...
  common::Duration stall_limit = std::chrono::seconds(60);
  // ...or so, while others wait for the memory that it holds.
  common::Duration pressed_stall_limit = std::chrono::seconds(1);
  // Lines for people: connections that are refused or ended, once for each burst.
  std::function<void(const std::string&)> report = [](const std::string&) {};
};

inline constexpr std::size_t kLeastReceiveBytes = std::size_t{9} << 20;
inline constexpr std::size_t kLeastReplyBytes = std::size_t{6} << 20;

struct ServerStats {
  std::uint64_t connections = 0;  // open now
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;    // over max_connections
  std::uint64_t stalled = 0;    // ended because the peer let us wait
  std::uint64_t malformed = 0;  // frames that ended their connection
  std::uint64_t calls = 0;      // handed to the handler
  std::uint64_t expired = 0;    // calls answered EXPIRED without asking the handler
  std::uint64_t busy = 0;       // calls answered BUSY without asking the handler
  std::uint64_t adds = 0;       // entries in calls handed to the handler
  // Of the options' bounds: now, and the most that ever was.
  std::uint64_t receive_bytes = 0;
  std::uint64_t receive_peak = 0;
  std::uint64_t reply_bytes = 0;
  std::uint64_t reply_peak = 0;
};

// Serves a BookieHandler to framed Thrift clients: calls are pipelined, replies leave in the order
// they become ready, those that are ready together in one write. A frame that is malformed or too
// large ends its own connection only; a peer that lets the server wait holds no memory for long.
// Used and destroyed on the loop's thread or while the loop does not run, never from inside a call
// of the handler.
class Server {
 public:
  Server(AsioLoop& loop, BookieHandler& handler, ServerOptions options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Takes the port and returns it; who connects waits. kInvalidArgument for an address that is none
  // or not of this machine, kIo with the reason when the port is in use. Once.
  common::Result<std::uint16_t> Listen();
  // Takes the connections, from now on. Once, after Listen.
  void Serve();
  // Both.
  common::Result<std::uint16_t> Start();

  // Closes the port and every connection. Replies that come later are dropped.
  void Stop();

  ServerStats stats() const;

 private:
  class Acceptor;
  const std::shared_ptr<Acceptor> acceptor_;
};

}  // namespace quire::rpc
