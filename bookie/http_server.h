#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "bookie/http_message.h"
#include "common/error.h"
#include "common/loop.h"

namespace quire::bookie {

struct HttpServerOptions {
  std::string host = "127.0.0.1";    // numeric
  std::uint16_t port = 0;            // 0: any free one
  std::size_t max_connections = 16;  // one more is closed at once
  std::size_t max_header_bytes = 8 << 10;
  std::size_t max_body_bytes = 4 << 10;
  // For a whole request to arrive, and also the life of an idle connection.
  common::Duration request_timeout = std::chrono::seconds(10);
  // For the handler to complete; then the client is told 503.
  common::Duration answer_timeout = std::chrono::seconds(2);
  common::Duration write_timeout = std::chrono::seconds(10);
};

// An HTTP/1.1 server on a thread of its own, so that no client of it, however slow or many, takes
// anything from the loop that serves entries. Everything it holds is bounded by the options. For
// operators and their tools, not for data.
class HttpServer {
 public:
  // Listens at once. kInvalidArgument: not an address of this machine. kIo: the port is in use.
  static common::Result<std::unique_ptr<HttpServer>> Start(const HttpServerOptions& options,
                                                           HttpHandler handler);
  // Every `done` that the handler was given has been called or dropped by now, or never will be.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Closes everything and ends the thread. The handler is not called any more; a `done` that is
  // called later has no effect. Not on the server's thread. Once more does nothing.
  void Stop();

  std::uint16_t port() const;

 private:
  class Listener;
  explicit HttpServer(std::unique_ptr<Listener> listener);
  const std::unique_ptr<Listener> listener_;
};

}  // namespace quire::bookie
