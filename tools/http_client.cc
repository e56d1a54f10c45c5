#include "tools/http_client.h"

#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cstdint>
#include <optional>
#include <utility>

namespace quire::tools {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using common::Errc;
using common::Fail;
using common::Result;
using Tcp = asio::ip::tcp;

namespace {

constexpr std::uint64_t kMostBytes = 4 << 20;

// One request and its response, step by step on a context of its own.
class Exchange {
 public:
  Exchange(const std::string& host, const std::string& target) {
    request_.method(http::verb::get);
    request_.target(target);
    request_.version(11);
    request_.set(http::field::host, host);
    request_.keep_alive(false);
    parser_.body_limit(kMostBytes);
  }

  Result<HttpReply> Run(const std::string& host, const std::string& port,
                        std::chrono::milliseconds at_most) {
    stream_.expires_after(at_most);
    resolver_.async_resolve(host, port, [this](error_code error, const auto& found) {
      if (error) return End(Errc::kUnreachable, error);
      stream_.async_connect(found, [this](error_code failed, const Tcp::endpoint&) {
        if (failed) return End(Errc::kUnreachable, failed);
        Send();
      });
    });
    context_.run();
    if (failed_) return Fail(*std::move(failed_));
    return HttpReply{.status = parser_.get().result_int(), .body = std::move(parser_.get().body())};
  }

 private:
  void Send() {
    http::async_write(stream_, request_, [this](error_code error, std::size_t) {
      if (error) return End(Errc::kUnreachable, error);
      http::async_read(stream_, buffer_, parser_, [this](error_code failed, std::size_t) {
        if (failed) End(Errc::kCorrupt, failed);
      });
    });
  }

  void End(Errc code, error_code error) {
    failed_.emplace(error == beast::error::timeout ? Errc::kTimeout : code, error.message());
  }

  asio::io_context context_{1};
  Tcp::resolver resolver_{context_};
  beast::tcp_stream stream_{context_};
  beast::flat_buffer buffer_{kMostBytes + (64 << 10)};
  http::request<http::empty_body> request_;
  http::response_parser<http::string_body> parser_;
  std::optional<common::Error> failed_;
};

}  // namespace

Result<HttpReply> HttpGet(const std::string& address, const std::string& target,
                          std::chrono::milliseconds at_most) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos) {
    return Fail(Errc::kInvalidArgument, "'" + address + "' is not HOST:PORT");
  }
  auto reply =
      Exchange(address, target).Run(address.substr(0, colon), address.substr(colon + 1), at_most);
  if (reply) return reply;
  return Fail(reply.error().code(), "http://" + address + target + ": " + reply.error().context());
}

}  // namespace quire::tools
