#include "tools/http_client.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "bookie/http_server.h"

namespace quire::tools {
namespace {

using common::Errc;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

// Takes one connection, sends some bytes, and closes it or holds it.
class RawServer {
 public:
  explicit RawServer(const std::string& bytes, bool hold = false) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(at);
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<const sockaddr*>(&at), size), 0);
    EXPECT_EQ(::listen(listener_, 1), 0);
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size), 0);
    address_ = "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
    thread_ = std::thread([this, bytes, hold] {
      const int peer = ::accept(listener_, nullptr, nullptr);
      if (peer < 0) return;
      char request[4096];
      while (::recv(peer, request, sizeof(request), 0) > 0) {
        if (::send(peer, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0 || !hold) break;
      }
      ::close(peer);
    });
  }
  ~RawServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  const std::string& address() const { return address_; }

 private:
  int listener_;
  std::string address_;
  std::thread thread_;
};

Errc FailureOf(const common::Result<HttpReply>& reply) {
  EXPECT_FALSE(reply);
  return reply.error().code();
}

TEST(HttpClientTest, GetsStatusAndBody) {
  const auto server = bookie::HttpServer::Start(
      {}, [](const bookie::HttpRequest& request, common::Callback<bookie::HttpAnswer> done) {
        done([target = request.target] {
          return bookie::HttpResponse{.status = target == "/there" ? 200U : 404U,
                                      .body = std::string(100'000, 'x') + target};
        });
      });
  ASSERT_TRUE(server);
  const std::string address = "127.0.0.1:" + std::to_string((*server)->port());
  const auto there = HttpGet(address, "/there", seconds(60));
  ASSERT_TRUE(there) << there.error().ToString();
  EXPECT_EQ(there->status, 200U);
  EXPECT_EQ(there->body, std::string(100'000, 'x') + "/there");
  EXPECT_EQ(HttpGet(address, "/else", seconds(60))->status, 404U);
}

TEST(HttpClientTest, SaysWhyThereIsNoAnswer) {
  std::string gone;
  {
    const RawServer server("");
    gone = server.address();
  }
  const auto nobody = HttpGet(gone, "/status", seconds(60));
  EXPECT_EQ(FailureOf(nobody), Errc::kUnreachable);
  EXPECT_THAT(nobody.error().context(), HasSubstr("http://" + gone + "/status: "));
  EXPECT_EQ(FailureOf(HttpGet(RawServer("").address(), "/", seconds(60))), Errc::kCorrupt);
  EXPECT_EQ(FailureOf(HttpGet(RawServer("SSH-2.0-x\r\n").address(), "/", seconds(60))),
            Errc::kCorrupt);
  EXPECT_EQ(FailureOf(HttpGet("nonsense", "/", seconds(60))), Errc::kInvalidArgument);
}

TEST(HttpClientTest, ASilentServerIsATimeout) {
  const RawServer server("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", true);
  EXPECT_EQ(FailureOf(HttpGet(server.address(), "/", milliseconds(200))), Errc::kTimeout);
}

TEST(HttpClientTest, ABodyWithoutEndIsNotKept) {
  const RawServer server("HTTP/1.1 200 OK\r\nContent-Length: 4194305\r\n\r\n", true);
  EXPECT_EQ(FailureOf(HttpGet(server.address(), "/", seconds(60))), Errc::kCorrupt);
}

}  // namespace
}  // namespace quire::tools
