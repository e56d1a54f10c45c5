#include "bookie/http_server.h"

#include <pthread.h>

#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <optional>
#include <set>
#include <thread>
#include <utility>

namespace quire::bookie {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using common::Errc;
using common::Fail;
using common::Result;
using Tcp = asio::ip::tcp;

namespace {

// What the connections of one server share. Server's thread.
struct Shared {
  const HttpServerOptions options;
  const HttpHandler handler;
  std::size_t connections = 0;
  std::set<class Connection*> open;
};

HttpResponse Refusal(unsigned status, std::string why) {
  return {.status = status, .body = std::move(why) + "\n"};
}

// The answer to bytes that are no request; nothing when there is nobody to tell.
std::optional<HttpResponse> AnswerTo(error_code error, const HttpServerOptions& options) {
  if (error == http::error::header_limit) {
    return Refusal(
        431, "the header is longer than " + std::to_string(options.max_header_bytes) + " bytes");
  }
  if (error == http::error::body_limit) {
    return Refusal(413, "the body is longer than " + std::to_string(options.max_body_bytes) +
                            " bytes; no request here needs one");
  }
  if (error == http::error::end_of_stream || error == http::error::partial_message) return {};
  if (error.category() == make_error_code(http::error::bad_method).category()) {
    return Refusal(400, "this is no HTTP request: " + error.message());
  }
  return {};
}

// One connection: reads a request, has it answered, writes the response, again. Lives as long as an
// operation of it is under way. Server's thread.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Tcp::socket socket, Shared& shared)
      : shared_(shared), stream_(std::move(socket)), overdue_(stream_.get_executor()) {
    shared_.open.insert(this);
    error_code ignored;
    const auto peer = stream_.socket().remote_endpoint(ignored).address();
    // A client over IPv4 at a socket for both.
    const bool mapped = peer.is_v6() && peer.to_v6().is_v4_mapped();
    loopback_ = mapped ? asio::ip::make_address_v4(asio::ip::v4_mapped, peer.to_v6()).is_loopback()
                       : peer.is_loopback();
  }
  ~Connection() { shared_.open.erase(this); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Read() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(shared_.options.max_header_bytes));
    parser_->body_limit(shared_.options.max_body_bytes);
    stream_.expires_after(shared_.options.request_timeout);
    http::async_read(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](error_code error, std::size_t) { self->Got(error); });
  }

  // All operations end.
  void Close() {
    awaiting_ = false;
    overdue_.cancel();
    stream_.close();
  }

 private:
  void Got(error_code error) {
    if (error) {
      if (auto refusal = AnswerTo(error, shared_.options)) return Write(*std::move(refusal), false);
      return Close();
    }
    stream_.expires_never();
    const auto& message = parser_->get();
    awaiting_ = true;
    overdue_.expires_after(shared_.options.answer_timeout);
    overdue_.async_wait([self = shared_from_this()](error_code stopped) {
      if (!stopped && std::exchange(self->awaiting_, false)) self->Overdue();
    });
    shared_.handler({.method = std::string(message.method_string()),
                     .target = std::string(message.target()),
                     .loopback = loopback_,
                     .browser = message.count(http::field::origin) > 0},
                    [self = shared_from_this()](HttpAnswer answer) mutable {
                      auto& connection = *self;
                      asio::post(connection.stream_.get_executor(),
                                 [self = std::move(self), answer = std::move(answer)]() mutable {
                                   self->Answered(std::move(answer));
                                 });
                    });
  }

  void Overdue() {
    Write(Refusal(503,
                  "the bookie's loop has not answered in time: it hangs or has far too much "
                  "to do"),
          false);
  }

  void Answered(HttpAnswer answer) {
    if (!std::exchange(awaiting_, false)) return;  // too late, or closed
    overdue_.cancel();
    Write(answer(), parser_->get().keep_alive());
  }

  void Write(HttpResponse answer, bool keep_alive) {
    response_.emplace();
    response_->version(11);
    response_->result(answer.status);
    response_->set(http::field::content_type, answer.content_type);
    response_->set(http::field::cache_control, "no-store");
    if (!answer.allow.empty()) response_->set(http::field::allow, answer.allow);
    response_->keep_alive(keep_alive);
    response_->body() = std::move(answer.body);
    response_->prepare_payload();
    stream_.expires_after(shared_.options.write_timeout);
    http::async_write(stream_, *response_,
                      [self = shared_from_this(), keep_alive](error_code error, std::size_t) {
                        if (error) return self->Close();
                        if (keep_alive) return self->Read();
                        self->Finish();
                      });
  }

  // Closing while bytes of the client are still unread would reset the connection and take the
  // response away from it; so the rest is read first, until the client or the time ends it.
  void Finish() {
    error_code ignored;
    stream_.socket().shutdown(Tcp::socket::shutdown_send, ignored);
    stream_.expires_after(shared_.options.request_timeout);
    Drain();
  }
  void Drain() {
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(4096),
                            [self = shared_from_this()](error_code error, std::size_t bytes) {
                              self->drained_ += bytes;
                              if (error || self->drained_ > kMostDrained) return self->Close();
                              self->Drain();
                            });
  }

  static constexpr std::size_t kMostDrained = 1 << 20;

  Shared& shared_;
  beast::tcp_stream stream_;
  asio::steady_timer overdue_;
  bool loopback_ = false;
  bool awaiting_ = false;  // the handler has the request
  std::size_t drained_ = 0;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<http::response<http::string_body>> response_;
};

}  // namespace

class HttpServer::Listener {
 public:
  Listener(const HttpServerOptions& options, HttpHandler handler)
      : shared_{.options = options, .handler = std::move(handler), .open = {}} {}
  ~Listener() { Stop(); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  Result<void> Listen() {
    const std::string at =
        "HTTP at " + shared_.options.host + ":" + std::to_string(shared_.options.port);
    error_code error;
    const auto address = asio::ip::make_address(shared_.options.host, error);
    if (error) return Fail(Errc::kInvalidArgument, at + ": that is no IP address");
    const Tcp::endpoint endpoint(address, shared_.options.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (error == boost::system::errc::address_not_available) {
      return Fail(Errc::kInvalidArgument, at + ": this machine does not have that address");
    }
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return Fail(Errc::kIo, at + ": " + error.message() +
                                 "; choose another port, 0 for any free one, or off");
    }
    port_ = acceptor_.local_endpoint().port();
    Accept();
    thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "http");
      context_.run();
    });
    return {};
  }

  // The thread ends by itself when nothing is under way any more.
  void Stop() {
    if (!thread_.joinable()) return;
    asio::post(context_, [this] {
      stopping_ = true;
      acceptor_.close();
      retry_.cancel();
      for (Connection* connection : shared_.open) connection->Close();
    });
    thread_.join();
  }

  std::uint16_t port() const { return port_; }

 private:
  void Accept() {
    acceptor_.async_accept([this](error_code error, Tcp::socket socket) {
      if (stopping_) return;
      if (error) return Pause();
      if (shared_.open.size() < shared_.options.max_connections) {
        std::make_shared<Connection>(std::move(socket), shared_)->Read();
      }
      Accept();
    });
  }

  // Out of descriptors, for example: at once again would be a busy loop.
  void Pause() {
    retry_.expires_after(std::chrono::seconds(1));
    retry_.async_wait([this](error_code) {
      if (!stopping_) Accept();
    });
  }

  Shared shared_;  // outlives the connections, which the context may be the last to hold
  asio::io_context context_{1};
  Tcp::acceptor acceptor_{context_};
  asio::steady_timer retry_{context_};
  bool stopping_ = false;  // server's thread
  std::uint16_t port_ = 0;
  std::thread thread_;
};

HttpServer::HttpServer(std::unique_ptr<Listener> listener) : listener_(std::move(listener)) {}
HttpServer::~HttpServer() = default;

Result<std::unique_ptr<HttpServer>> HttpServer::Start(const HttpServerOptions& options,
                                                      HttpHandler handler) {
  auto listener = std::make_unique<Listener>(options, std::move(handler));
  QUIRE_TRY(listener->Listen());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(listener)));
}

void HttpServer::Stop() {
  listener_->Stop();
}

std::uint16_t HttpServer::port() const {
  return listener_->port();
}

}  // namespace quire::bookie
