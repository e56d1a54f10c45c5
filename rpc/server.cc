#include "rpc/server.h"

#include <algorithm>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "rpc/server_connection.h"

namespace quire::rpc {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// After a failed accept (no file descriptors left, most likely) connections get time to go.
constexpr auto kAcceptPause = std::chrono::milliseconds(100);
// Refusals and stalled peers with less between them are one burst, and one line.
constexpr auto kBurstGap = std::chrono::seconds(10);

}  // namespace

// Accepts connections and keeps them. Loop thread only.
class Server::Acceptor : public std::enable_shared_from_this<Acceptor> {
 public:
  Acceptor(AsioLoop& loop, BookieHandler& handler, ServerOptions options)
      : socket_(loop.context()),
        shared_{.loop = loop,
                .handler = handler,
                .options = std::move(options),
                .received = std::make_shared<common::ByteBudget>(
                    loop, std::max(options.receive_bytes, kLeastReceiveBytes)),
                .replies = std::make_shared<common::ByteBudget>(
                    loop, std::max(options.reply_bytes, kLeastReplyBytes)),
                .stats = {},
                .on_closed =
                    [this](const std::shared_ptr<ServerConnection>& connection) {
                      connections_.erase(connection);
                      shared_.stats.connections = connections_.size();
                    },
                .add_call = {}} {}

  common::Result<std::uint16_t> Listen();
  void Serve();
  void Stop();
  ServerStats stats() const;

 private:
  // Says a line unless one of the kind was said shortly before.
  struct Burst {
    std::optional<common::TimePoint> last;
  };

  void Accept();
  void OnAccept(const error_code& failed, Socket socket);
  void SweepLater();
  void Sweep();
  void Report(Burst& burst, const std::string& line);

  asio::basic_socket_acceptor<tcp, asio::io_context::executor_type> socket_;
  ServerShared shared_;
  std::unordered_set<std::shared_ptr<ServerConnection>> connections_;
  Burst refusals_;
  Burst stalls_;
  Burst failures_;
};

common::Result<std::uint16_t> Server::Acceptor::Listen() {
  const ServerOptions& options = shared_.options;
  error_code failed;
  const auto address = asio::ip::make_address(options.address, failed);
  if (failed) {
    return common::Fail(common::Errc::kInvalidArgument,
                        "'" + options.address + "' is no IP address to listen on");
  }
  const tcp::endpoint endpoint(address, options.port);
  failed = socket_.open(endpoint.protocol(), failed);
  if (!failed) failed = socket_.set_option(asio::socket_base::reuse_address(true), failed);
  if (!failed) failed = socket_.bind(endpoint, failed);
  if (!failed) failed = socket_.listen(asio::socket_base::max_listen_connections, failed);
  if (failed == asio::error::address_in_use) {
    return common::Fail(common::Errc::kIo,
                        "port " + std::to_string(options.port) + " on " + options.address +
                            " is in use: stop the process that listens there or choose another");
  }
  if (failed) {
    const bool foreign = failed == boost::system::errc::address_not_available;
    return common::Fail(foreign ? common::Errc::kInvalidArgument : common::Errc::kIo,
                        "cannot listen on port " + std::to_string(options.port) + " of " +
                            options.address + ": " + failed.message());
  }
  return socket_.local_endpoint(failed).port();
}

void Server::Acceptor::Serve() {
  Accept();
  SweepLater();
}

void Server::Acceptor::Stop() {
  error_code ignored;
  ignored = socket_.close(ignored);
  for (const auto& connection : connections_) connection->Close();
  connections_.clear();
  shared_.stats.connections = 0;
  shared_.received->Abandon();
  shared_.replies->Abandon();
}

ServerStats Server::Acceptor::stats() const {
  ServerStats stats = shared_.stats;
  stats.receive_bytes = shared_.received->used();
  stats.receive_peak = shared_.received->peak();
  stats.reply_bytes = shared_.replies->used();
  stats.reply_peak = shared_.replies->peak();
  return stats;
}

void Server::Acceptor::Report(Burst& burst, const std::string& line) {
  const common::TimePoint now = shared_.loop.Now();
  const bool said = burst.last && now - *burst.last < kBurstGap;
  burst.last = now;
  if (!said) shared_.options.report(line);
}

void Server::Acceptor::SweepLater() {
  const auto pause = std::min(shared_.options.stall_limit, shared_.options.pressed_stall_limit) / 2;
  shared_.loop.After(pause, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || !self->socket_.is_open()) return;
    self->Sweep();
    self->SweepLater();
  });
}

void Server::Acceptor::Sweep() {
  const common::TimePoint now = shared_.loop.Now();
  std::vector<std::pair<std::shared_ptr<ServerConnection>, const char*>> stalled;
  for (const auto& connection : connections_) {
    if (const char* why = connection->Stalled(now)) stalled.emplace_back(connection, why);
  }
  for (const auto& [connection, why] : stalled) {
    ++shared_.stats.stalled;
    Report(stalls_, "ended the connection of " + connection->peer() + ": " + why +
                        ", and others need the memory it holds or a minute has passed");
    connection->Finish();
  }
}

void Server::Acceptor::Accept() {
  socket_.async_accept([weak = weak_from_this()](const error_code& failed, Socket socket) {
    if (const auto self = weak.lock()) self->OnAccept(failed, std::move(socket));
  });
}

void Server::Acceptor::OnAccept(const error_code& failed, Socket socket) {
  if (!socket_.is_open()) return;
  if (failed) {
    Report(failures_, "cannot accept connections: " + failed.message() +
                          "; if descriptors are short, raise the limit of open files");
    shared_.loop.After(kAcceptPause, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (self && self->socket_.is_open()) self->Accept();
    });
    return;
  }
  if (connections_.size() >= shared_.options.max_connections) {
    ++shared_.stats.refused;
    Report(refusals_, "refusing connections: " + std::to_string(connections_.size()) +
                          " are open, as many as this bookie takes; find out who opens so many");
  } else {
    const auto connection = std::make_shared<ServerConnection>(shared_, std::move(socket));
    connections_.insert(connection);
    ++shared_.stats.accepted;
    shared_.stats.connections = connections_.size();
    connection->Start();
  }
  Accept();
}

Server::Server(AsioLoop& loop, BookieHandler& handler, ServerOptions options)
    : acceptor_(std::make_shared<Acceptor>(loop, handler, std::move(options))) {}

Server::~Server() {
  Stop();
}

common::Result<std::uint16_t> Server::Listen() {
  return acceptor_->Listen();
}
void Server::Serve() {
  acceptor_->Serve();
}
common::Result<std::uint16_t> Server::Start() {
  auto port = Listen();
  if (port) Serve();
  return port;
}
void Server::Stop() {
  acceptor_->Stop();
}
ServerStats Server::stats() const {
  return acceptor_->stats();
}

}  // namespace quire::rpc
