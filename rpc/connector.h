#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <expected>
#include <memory>
#include <string>

#include "rpc/asio_loop.h"
#include "rpc/frame_stream.h"

namespace quire::rpc {

// One attempt to connect to "host:port" ("[v6]:port"), within a time limit. Loop thread only; names
// are resolved off the loop. Destroying it cancels the attempt.
class Connector {
 public:
  using Done = common::Callback<std::expected<Socket, std::string>>;  // or the reason

  // `done` is called once in a later turn, or never if the connector is destroyed before.
  Connector(AsioLoop& loop, const std::string& address, common::Duration timeout, Done done);
  ~Connector();
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

 private:
  class Attempt;
  const std::shared_ptr<Attempt> attempt_;
};

}  // namespace quire::rpc
