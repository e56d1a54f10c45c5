#include "bookie/http_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace quire::bookie {
namespace {

using common::Errc;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A client that sends what it likes. A read that takes longer than the limit of the test gives up.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval limit{.tv_sec = 30, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    connected_ =
        ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }
  ~RawClient() { ::close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void Send(std::string_view bytes) const {
    ASSERT_TRUE(connected_);
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0) return;  // the server has had enough
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void Get(std::string_view target) const {
    Send("GET " + std::string(target) + " HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  // Up to the end of `until`, or of the connection.
  std::string Receive(std::string_view until = {}) const {
    std::string text;
    while (until.empty() || !text.contains(until)) {
      char buffer[1024];
      const ssize_t got = ::recv(socket_, buffer, sizeof(buffer), 0);
      if (got < 0 && errno == EAGAIN) return text + "(nothing came any more, nor an end)";
      if (got <= 0) break;
      text.append(buffer, static_cast<std::size_t>(got));
    }
    return text;
  }

 private:
  const int socket_;
  bool connected_ = false;
};

class HttpServerTest : public ::testing::Test {
 protected:
  ~HttpServerTest() override {
    if (server_) server_->Stop();
    held_.clear();
  }

  // "/hold" is not answered before the test says so.
  void Start() {
    auto started = HttpServer::Start(
        options_, [this](const HttpRequest& request, common::Callback<HttpAnswer> done) {
          if (request.target == "/hold") {
            const std::lock_guard lock(mutex_);
            held_.push_back(std::move(done));
            return held_promise_.set_value();
          }
          done([body = request.method + " " + request.target + " " +
                       (request.loopback ? "near" : "far") + (request.browser ? " browser" : "") +
                       " end"] { return HttpResponse{.body = body}; });
        });
    ASSERT_TRUE(started) << started.error().ToString();
    server_ = *std::move(started);
  }
  void AwaitHeld() { held_promise_.get_future().wait(); }

  HttpServerOptions options_;
  std::mutex mutex_;
  std::vector<common::Callback<HttpAnswer>> held_;  // guarded by mutex_
  std::promise<void> held_promise_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersOneRequestAfterTheOtherOnAConnection) {
  Start();
  const RawClient client(server_->port());
  client.Get("/a?b");
  EXPECT_THAT(client.Receive("end"), HasSubstr("\r\n\r\nGET /a?b near end"));
  client.Send("POST /c HTTP/1.1\r\nHost: x\r\nOrigin: http://evil\r\nContent-Length: 2\r\n\r\nhi");
  const std::string second = client.Receive("end");
  EXPECT_THAT(second, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(second, HasSubstr("POST /c near browser end"));
  client.Send("GET /d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.Receive(), HasSubstr("GET /d near end")) << "and then the connection ends";
}

TEST_F(HttpServerTest, GarbageIsAnsweredAsSuch) {
  Start();
  for (const std::string garbage :
       {"this is no HTTP\r\n\r\n", "GET /\x01 HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02",
        "GET / HTTP/9.9\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n"}) {
    const RawClient client(server_->port());
    client.Send(garbage);
    EXPECT_THAT(client.Receive("\r\n\r\n"), StartsWith("HTTP/1.1 400 Bad Request\r\n")) << garbage;
  }
}

TEST_F(HttpServerTest, WhatIsTooLongIsRefusedBeforeItIsRead) {
  Start();
  const RawClient header(server_->port());
  header.Send("GET / HTTP/1.1\r\nLong: " + std::string(20'000, 'x') + "\r\n\r\n");
  EXPECT_THAT(header.Receive("\r\n\r\n"), StartsWith("HTTP/1.1 431 "));
  const RawClient target(server_->port());
  target.Get("/" + std::string(20'000, 'x'));
  EXPECT_THAT(target.Receive("\r\n\r\n"), StartsWith("HTTP/1.1 431 "));
  const RawClient body(server_->port());
  body.Send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\nx");
  EXPECT_THAT(body.Receive("\r\n\r\n"), StartsWith("HTTP/1.1 413 "));
  const RawClient chunks(server_->port());
  chunks.Send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1388\r\n" +
              std::string(5000, 'x') + "\r\n0\r\n\r\n");
  EXPECT_THAT(chunks.Receive("\r\n\r\n"), StartsWith("HTTP/1.1 413 "));
}

TEST_F(HttpServerTest, AClientThatStopsMidwayHoldsUpNobody) {
  Start();
  const RawClient slow(server_->port());
  slow.Send("GET / HT");
  const RawClient silent(server_->port());
  const RawClient deaf(server_->port());  // asks and does not read
  deaf.Get("/a");
  for (int i = 0; i < 5; ++i) {
    const RawClient quick(server_->port());
    quick.Get("/b");
    EXPECT_THAT(quick.Receive("end"), HasSubstr("GET /b near end"));
  }
}

TEST_F(HttpServerTest, ASlowRequestEndsWithItsTime) {
  options_.request_timeout = std::chrono::milliseconds(50);
  Start();
  const RawClient slow(server_->port());
  slow.Send("GET / HT");
  EXPECT_EQ(slow.Receive(), "") << "closed";
  const RawClient silent(server_->port());
  EXPECT_EQ(silent.Receive(), "");
}

TEST_F(HttpServerTest, OneConnectionTooManyIsClosedAndPlaceIsMadeByThoseThatEnd) {
  options_.max_connections = 2;
  Start();
  const RawClient first(server_->port());
  first.Get("/a");
  first.Receive("end");
  auto second = std::make_unique<RawClient>(server_->port());
  second->Get("/b");
  second->Receive("end");
  const RawClient third(server_->port());
  third.Get("/x");
  EXPECT_EQ(third.Receive(), "") << "closed without a word";
  second.reset();
  std::string answer;
  for (int i = 0; i < 1000 && answer.empty(); ++i) {  // until the server has seen the end
    const RawClient fourth(server_->port());
    fourth.Get("/c");
    answer = fourth.Receive("end");
  }
  EXPECT_THAT(answer, HasSubstr("GET /c near end"));
}

TEST_F(HttpServerTest, WhoeverGetsNoAnswerIsTold) {
  options_.answer_timeout = std::chrono::milliseconds(50);
  Start();
  const RawClient client(server_->port());
  client.Get("/hold");
  EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 503 "));
  const std::lock_guard lock(mutex_);
  held_.at(0)([] { return HttpResponse{}; });  // too late; harmless
}

TEST_F(HttpServerTest, AnAnswerMayComeFromAnotherThreadAndLater) {
  options_.answer_timeout = std::chrono::seconds(30);
  Start();
  const RawClient client(server_->port());
  client.Get("/hold");
  AwaitHeld();
  const RawClient other(server_->port());
  other.Get("/b");
  EXPECT_THAT(other.Receive("end"), HasSubstr("GET /b near end")) << "others are served meanwhile";
  {
    const std::lock_guard lock(mutex_);
    held_.at(0)([] { return HttpResponse{.status = 503, .body = "later end"}; });
  }
  EXPECT_THAT(client.Receive("end"), StartsWith("HTTP/1.1 503 "));
}

TEST_F(HttpServerTest, StopEndsWhatIsUnderWay) {
  Start();
  const RawClient idle(server_->port());
  const RawClient waiting(server_->port());
  waiting.Get("/hold");
  AwaitHeld();
  const std::uint16_t port = server_->port();
  server_->Stop();
  EXPECT_EQ(idle.Receive(), "");
  EXPECT_EQ(waiting.Receive(), "");
  held_.at(0)([] { return HttpResponse{}; });
  held_.clear();
  server_.reset();
  options_.port = port;
  Start();  // the port is free again
}

TEST_F(HttpServerTest, APlaceThatCannotBeHadIsNamed) {
  Start();
  HttpServerOptions options{.port = server_->port()};
  const auto taken = HttpServer::Start(options, {});
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code(), Errc::kIo);
  EXPECT_THAT(taken.error().context(), HasSubstr("127.0.0.1:" + std::to_string(server_->port())));
  options.host = "nowhere";
  EXPECT_EQ(HttpServer::Start(options, {}).error().code(), Errc::kInvalidArgument);
  options.host = "203.0.113.1";  // for documentation, nobody's
  EXPECT_EQ(HttpServer::Start(options, {}).error().code(), Errc::kInvalidArgument);
}

}  // namespace
}  // namespace quire::bookie
