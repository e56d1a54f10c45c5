#include "rpc/connector.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <charconv>
#include <utility>

namespace quire::rpc {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

bool ParsePort(const std::string& text, std::uint16_t& port) {
  const char* const end = text.data() + text.size();
  const auto [stop, failed] = std::from_chars(text.data(), end, port);
  return failed == std::errc() && stop == end && port != 0;
}

}  // namespace

// Operations under way keep it alive; done_ is empty once it was called or must not be.
class Connector::Attempt : public std::enable_shared_from_this<Attempt> {
 public:
  Attempt(AsioLoop& loop, Done done)
      : loop_(loop), resolver_(loop.context()), socket_(loop.context()), done_(std::move(done)) {}

  void Start(const std::string& address, common::Duration timeout);
  void Cancel() {
    done_ = nullptr;
    Cleanup();
  }

 private:
  using Resolver = asio::ip::basic_resolver<tcp, asio::io_context::executor_type>;

  void Connect(const tcp::endpoint& endpoint);
  void Connect(const Resolver::results_type& endpoints);
  void OnConnected(const error_code& failed);
  void Fail(std::string reason);
  void Cleanup();

  AsioLoop& loop_;
  Resolver resolver_;
  Socket socket_;
  Done done_;
  common::Loop::TimerId timer_ = 0;
};

void Connector::Attempt::Start(const std::string& address, common::Duration timeout) {
  const auto colon = address.rfind(':');
  std::uint16_t port = 0;
  if (colon == std::string::npos || colon == 0 || !ParsePort(address.substr(colon + 1), port)) {
    loop_.Post(
        [self = shared_from_this(), address] { self->Fail("'" + address + "' is not host:port"); });
    return;
  }
  timer_ =
      loop_.After(timeout, [self = shared_from_this()] { self->Fail("connecting timed out"); });
  std::string host = address.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  error_code no_number;
  const auto number = asio::ip::make_address(host, no_number);
  // A number does not wait behind names that the resolver is slow to find.
  if (!no_number) return Connect(tcp::endpoint(number, port));
  resolver_.async_resolve(host, std::to_string(port), tcp::resolver::numeric_service,
                          [self = shared_from_this()](const error_code& failed,
                                                      const Resolver::results_type& endpoints) {
                            if (!self->done_) return;
                            if (failed) return self->Fail(failed.message());
                            self->Connect(endpoints);
                          });
}

void Connector::Attempt::Connect(const tcp::endpoint& endpoint) {
  socket_.async_connect(endpoint, [self = shared_from_this()](const error_code& failed) {
    self->OnConnected(failed);
  });
}

void Connector::Attempt::Connect(const Resolver::results_type& endpoints) {
  asio::async_connect(socket_, endpoints,
                      [self = shared_from_this()](const error_code& failed, const tcp::endpoint&) {
                        self->OnConnected(failed);
                      });
}

void Connector::Attempt::OnConnected(const error_code& failed) {
  if (!done_) return;
  if (failed) return Fail(failed.message());
  // Without a listener a local port may meet itself: the kernel connects a socket to its own end.
  error_code gone;
  if (socket_.local_endpoint(gone) == socket_.remote_endpoint(gone) || gone) {
    return Fail("nobody listens");
  }
  loop_.Cancel(timer_);
  const auto self = shared_from_this();
  std::exchange(done_, nullptr)(std::move(socket_));
}

void Connector::Attempt::Fail(std::string reason) {
  if (!done_) return;
  const auto self = shared_from_this();
  Cleanup();
  std::exchange(done_, nullptr)(std::unexpected(std::move(reason)));
}

void Connector::Attempt::Cleanup() {
  loop_.Cancel(timer_);
  resolver_.cancel();
  error_code ignored;
  ignored = socket_.close(ignored);
}

Connector::Connector(AsioLoop& loop, const std::string& address, common::Duration timeout,
                     Done done)
    : attempt_(std::make_shared<Attempt>(loop, std::move(done))) {
  attempt_->Start(address, timeout);
}

Connector::~Connector() {
  attempt_->Cancel();
}

}  // namespace quire::rpc
