#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "protocol/limits.h"
#include "rpc/add_codec.h"
#include "rpc/message_codec.h"
#include "rpc/server.h"
#include "tests/rpc/fake_bookie.h"
#include "tests/rpc/raw_peer.h"
#include "tests/rpc/sample_messages.h"

namespace quire::rpc {
namespace {

using namespace testing;
using boost::asio::ip::tcp;
using protocol::Code;
using std::chrono::milliseconds;

constexpr std::size_t kMiB = std::size_t{1} << 20;

// The bounds that all connections of a server share, and peers that abuse them.
class ServerLimitsTest : public ::testing::Test {
 protected:
  ~ServerLimitsTest() override { server_.reset(); }

  void Start(ServerOptions options = {}) {
    options.report = [this](const std::string& line) { lines_.push_back(line); };
    server_.emplace(loop_, bookie_, std::move(options));
    port_ = server_->Start().value();
  }
  // A client that writes what it likes and reads nothing.
  std::unique_ptr<tcp::socket> Deaf(std::string_view bytes = {}) {
    auto socket = std::make_unique<tcp::socket>(loop_.context());
    socket->connect({boost::asio::ip::address_v4::loopback(), port_});
    const auto sent = std::make_shared<std::string>(bytes);
    boost::asio::async_write(*socket, boost::asio::buffer(*sent),
                             [sent](const boost::system::error_code&, std::size_t) {});
    return socket;
  }
  static std::string AddBytes(std::int32_t seqid, std::size_t bytes, std::int32_t deadline_ms = 0) {
    AddFrame frame({}, seqid, kBookie, deadline_ms);
    frame.Append({.entry = std::string(bytes, 'e'), .key = kKey});
    return std::move(frame).Seal();
  }
  static std::string ReadBytes(std::int32_t seqid) {
    auto request = SampleReadRequest();
    request.entries.resize(1);
    request.max_bytes = 0;
    std::string out;
    EXPECT_TRUE(AppendCall(out, seqid, request));
    return out;
  }
  static protocol::ReadReply Answer(std::size_t bytes) {
    return {.code = Code::kOk, .answers = {{.code = Code::kOk, .bytes = std::string(bytes, 'r')}}};
  }

  AsioLoop loop_;
  FakeBookie bookie_;
  std::optional<Server> server_;
  std::uint16_t port_ = 0;
  std::vector<std::string> lines_;
};

TEST_F(ServerLimitsTest, HalfFramesOfAllConnectionsStayWithinOneBound) {  // L02
  constexpr std::size_t kMost = 10 * kMiB;
  Start({.receive_bytes = kMost, .pressed_stall_limit = std::chrono::hours(1)});
  // Who sends more than a little gets room for all of its frame: two have it, and then a frame of
  // any size has none any more.
  const std::string frame = AddBytes(1, 3 * kMiB);
  std::vector<std::unique_ptr<tcp::socket>> half;
  for (int i = 0; i < 3; ++i) half.push_back(Deaf(std::string_view(frame).substr(0, kMiB)));
  ASSERT_TRUE(RunUntil(loop_, [&] { return server_->stats().receive_bytes > 6 * kMiB; }));
  RawPeer other(loop_, port_);
  other.Send(AddBytes(7, 1));
  loop_.context().run_for(milliseconds(50));
  EXPECT_TRUE(bookie_.add_calls.empty()) << "the others wait, unread";
  EXPECT_LE(server_->stats().receive_peak, kMost);
  // Whoever has room for its frame can end it.
  for (const auto& socket : half) {
    boost::asio::async_write(*socket, boost::asio::buffer(std::string_view(frame).substr(kMiB)),
                             [](const boost::system::error_code&, std::size_t) {});
  }
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.add_calls.size() == 4; }));
  EXPECT_LE(server_->stats().receive_peak, kMost);
  ASSERT_TRUE(RunUntil(loop_, [&] { return server_->stats().receive_bytes == 0; }));
}

TEST_F(ServerLimitsTest, WhoAnnouncesMuchAndSendsLittleTakesLittle) {  // L04
  Start({.receive_bytes = 10 * kMiB});
  const std::string frame = AddBytes(1, 3 * kMiB);
  std::vector<std::unique_ptr<tcp::socket>> half;
  for (int i = 0; i < 20; ++i) half.push_back(Deaf(std::string_view(frame).substr(0, 1000)));
  ASSERT_TRUE(RunUntil(loop_, [&] { return server_->stats().receive_bytes >= 20'000; }));
  EXPECT_LT(server_->stats().receive_peak, kMiB);
  RawPeer other(loop_, port_);
  other.Send(AddBytes(7, 2 * kMiB));
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.add_calls.size() == 1; }));
  EXPECT_EQ(server_->stats().stalled, 0U);
}

TEST_F(ServerLimitsTest, ASmallFrameBehindLargeOnesThatWaitedNeedsNoMoreRoom) {
  Start();
  bookie_.accepting = false;
  RawPeer peer(loop_, port_);
  const std::string last = AddBytes(2, 100);
  peer.Send(AddBytes(1, 100'000) + last.substr(0, 50));
  ASSERT_TRUE(RunUntil(loop_, [&] { return server_->stats().receive_bytes > 100'000; }));
  bookie_.accepting = true;
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.add_calls.size() == 1; }));
  peer.Send(last.substr(50));
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.add_calls.size() == 2; }));
  ASSERT_TRUE(RunUntil(loop_, [&] { return server_->stats().receive_bytes == 0; }));
}

TEST_F(ServerLimitsTest, FramesBegunByManyCanAllBeEnded) {
  Start({.receive_bytes = 10 * kMiB, .pressed_stall_limit = std::chrono::hours(1)});
  const std::string frame = AddBytes(1, 3 * kMiB);
  std::vector<std::unique_ptr<tcp::socket>> half;
  for (int i = 0; i < 40; ++i) {
    half.push_back(std::make_unique<tcp::socket>(loop_.context()));
    half.back()->connect({boost::asio::ip::address_v4::loopback(), port_});
    boost::asio::async_write(*half.back(), boost::asio::buffer(frame),
                             [](const boost::system::error_code&, std::size_t) {});
  }
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.add_calls.size() == 40; }));
  EXPECT_LE(server_->stats().receive_peak, 10 * kMiB);
}

TEST_F(ServerLimitsTest, AHalfFrameIsNotWaitedForForEver) {  // L04
  Start({.stall_limit = milliseconds(50)});
  const auto half = Deaf(AddBytes(1, 1000).substr(0, 500));
  const auto silent = Deaf();
  RawPeer good(loop_, port_);
  good.Send(AddBytes(1, 10));
  ASSERT_TRUE(RunUntil(loop_, [&] { return server_->stats().stalled == 1; }));
  loop_.context().run_for(milliseconds(200));
  EXPECT_EQ(server_->stats().connections, 2U) << "who says nothing, or waits for us, may stay";
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_NE(lines_[0].find("127.0.0.1:"), std::string::npos);
  EXPECT_NE(lines_[0].find("does not end its frame"), std::string::npos);
}

TEST_F(ServerLimitsTest, AFrameThatWaitsForTheBookieIsNotThePeersFault) {
  Start({.stall_limit = milliseconds(20)});
  bookie_.accepting = false;
  RawPeer peer(loop_, port_);
  peer.Send(AddBytes(1, 10) + AddBytes(2, 1000));
  loop_.context().run_for(milliseconds(200));
  EXPECT_FALSE(peer.closed());
  bookie_.accepting = true;
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.add_calls.size() == 2; }));
  EXPECT_EQ(server_->stats().stalled, 0U);
}

TEST_F(ServerLimitsTest, APeerThatTakesNoRepliesIsDroppedAndOthersAreServed) {  // L04
  Start({.stall_limit = milliseconds(100)});
  std::string bytes;
  for (int i = 0; i < 64; ++i) bytes += ReadBytes(i);
  const auto deaf = Deaf(bytes);
  RawPeer good(loop_, port_);
  // Megabytes go into the kernel's buffers first; then nothing moves any more.
  std::size_t answered = 0;
  ASSERT_TRUE(RunUntil(loop_, [&] {
    for (; answered < bookie_.reads.size(); ++answered) bookie_.reads[answered].done(Answer(kMiB));
    return server_->stats().stalled == 1;
  }));
  EXPECT_NE(lines_.at(0).find("does not take its replies"), std::string::npos);
  ASSERT_TRUE(RunUntil(loop_, [&] { return server_->stats().connections == 1; }));
  good.Send(AddBytes(1, 10));
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.add_calls.size() == 1; }));
  bookie_.add_calls[0].AnswerAll(Code::kOk);
  ASSERT_TRUE(RunUntil(loop_, [&] { return good.frames().size() == 1; }));
  EXPECT_EQ(server_->stats().reply_bytes, 0U);
}

TEST_F(ServerLimitsTest, RepliesOfAllConnectionsStayWithinOneBound) {  // L02
  constexpr std::size_t kMost = 16 * kMiB;
  Start({.reply_bytes = kMost, .pressed_stall_limit = milliseconds(100)});
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += ReadBytes(i);
  std::vector<std::unique_ptr<tcp::socket>> deaf;
  for (int i = 0; i < 10; ++i) deaf.push_back(Deaf(bytes));
  // Eighty reads of up to a megabyte are asked; three quarters of the bound are let in.
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.reads.size() >= 11; }));
  RunReady(loop_);
  EXPECT_EQ(bookie_.reads.size(), 11U);
  RawPeer other(loop_, port_);
  other.Send(AddBytes(1, 10));
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.add_calls.size() == 1; }))
      << "what brings little goes on";
  // Who takes nothing gives way to those who wait, unless the kernel takes it all for him.
  std::size_t answered = 0;
  ASSERT_TRUE(RunUntil(loop_, [&] {
    for (; answered < bookie_.reads.size(); ++answered) bookie_.reads[answered].done(Answer(kMiB));
    EXPECT_LE(server_->stats().reply_bytes, kMost);
    return server_->stats().stalled > 0 || answered == 80;
  }));
  EXPECT_LE(server_->stats().reply_peak, kMost);
  other.Send(AddBytes(2, 10));
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.add_calls.size() == 2; }));
}

TEST_F(ServerLimitsTest, FullBookieKeepsAddsWaitingUntilOthersNeedTheMemoryThenSaysBusy) {  // G16
  constexpr std::size_t kMost = 10 * kMiB;
  Start({.receive_bytes = kMost, .pressed_stall_limit = std::chrono::hours(1)});
  bookie_.accepting = false;
  bookie_.retry_after_ms = 70;
  RawPeer first(loop_, port_);
  first.Send(AddBytes(1, 900'000));
  ASSERT_TRUE(RunUntil(loop_, [&] { return server_->stats().receive_bytes >= 900'000; }));
  loop_.context().run_for(milliseconds(30));
  EXPECT_TRUE(first.frames().empty());
  // Three who do not end their frames leave less than half of the budget, and nobody can begin
  // another one: whoever waits for the memory does so until the add gives way.
  const std::string frame = AddBytes(2, 3 * kMiB);
  std::vector<std::unique_ptr<tcp::socket>> half;
  for (int i = 0; i < 3; ++i) half.push_back(Deaf(std::string_view(frame).substr(0, kMiB)));
  RawPeer last(loop_, port_);
  last.Send(AddBytes(3, 1));
  ASSERT_TRUE(RunUntil(loop_, [&] { return !first.frames().empty(); }));
  std::vector<Code> codes;
  std::int32_t retry_after_ms = 0;
  ASSERT_TRUE(DecodeAddReply(first.message(0).body, codes, &retry_after_ms));
  EXPECT_EQ(codes, std::vector{Code::kBusy});
  EXPECT_EQ(retry_after_ms, 70);
  EXPECT_GT(server_->stats().busy, 0U);
  EXPECT_LE(server_->stats().receive_peak, kMost);
  EXPECT_TRUE(bookie_.add_calls.empty());
}

TEST_F(ServerLimitsTest, WhatTheHandlerCallsBusySaysWhenToComeBack) {
  Start();
  bookie_.retry_after_ms = 250;
  RawPeer peer(loop_, port_);
  peer.Send(AddBytes(1, 1) + ReadBytes(2));
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.reads.size() == 1; }));
  bookie_.add_calls[0].AnswerAll(Code::kBusy);
  bookie_.reads[0].done({.code = Code::kBusy, .answers = {}});
  ASSERT_TRUE(RunUntil(loop_, [&] { return peer.frames().size() == 2; }));
  std::vector<Code> codes;
  std::int32_t retry_after_ms = 0;
  ASSERT_TRUE(DecodeAddReply(peer.message(0).body, codes, &retry_after_ms));
  EXPECT_EQ(retry_after_ms, 250);
  protocol::ReadReply read;
  ASSERT_TRUE(DecodeReply(peer.message(1).body, read));
  EXPECT_EQ(read.retry_after_ms, 250);
}

TEST_F(ServerLimitsTest, WhatIsLeftOfADeadlineGoesToTheHandler) {
  Start();
  bookie_.accepting = false;
  RawPeer peer(loop_, port_);
  peer.Send(AddBytes(1, 1, 60'000));
  loop_.context().run_for(milliseconds(30));
  bookie_.accepting = true;
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.add_calls.size() == 1; }));
  EXPECT_GT(bookie_.add_calls[0].deadline_ms, 0);
  EXPECT_LE(bookie_.add_calls[0].deadline_ms, 60'000 - 20);
}

TEST_F(ServerLimitsTest, ABurstOfRefusalsIsOneLine) {
  Start({.max_connections = 1});
  RawPeer first(loop_, port_);
  ASSERT_TRUE(RunUntil(loop_, [&] { return server_->stats().connections == 1; }));
  std::vector<std::unique_ptr<RawPeer>> more;
  for (int i = 0; i < 5; ++i) more.push_back(std::make_unique<RawPeer>(loop_, port_));
  ASSERT_TRUE(RunUntil(loop_, [&] { return server_->stats().refused == 5; }));
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_NE(lines_[0].find("1 are open"), std::string::npos);
}

}  // namespace
}  // namespace quire::rpc
