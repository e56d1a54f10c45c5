#include "rpc/server.h"

#include <gtest/gtest.h>

#include <optional>

#include "protocol/limits.h"
#include "rpc/add_codec.h"
#include "rpc/message_codec.h"
#include "tests/rpc/fake_bookie.h"
#include "tests/rpc/raw_peer.h"
#include "tests/rpc/sample_messages.h"

namespace quire::rpc {
namespace {

using namespace testing;
using protocol::Code;
using std::chrono::milliseconds;

class ServerTest : public ::testing::Test {
 protected:
  ~ServerTest() override { server_.reset(); }

  std::uint16_t Start(ServerOptions options = {}) {
    server_.emplace(loop_, bookie_, std::move(options));
    const auto port = server_->Start();
    EXPECT_TRUE(port.has_value());
    return port.value_or(0);
  }

  static std::string AddBytes(std::int32_t seqid, int count, std::int32_t deadline_ms = 5000) {
    AddFrame frame({}, seqid, kBookie, deadline_ms);
    for (int i = 0; i < count; ++i) {
      frame.Append({.entry = "entry " + std::to_string(i), .key = kKey});
    }
    return std::move(frame).Seal();
  }
  template <typename Request>
  static std::string CallBytes(std::int32_t seqid, const Request& request) {
    std::string out;
    EXPECT_TRUE(AppendCall(out, seqid, request));
    return out;
  }
  static std::vector<Code> Codes(const Message& message) {
    std::vector<Code> codes;
    EXPECT_EQ(message.type, MessageType::kReply);
    EXPECT_TRUE(DecodeAddReply(message.body, codes));
    return codes;
  }

  AsioLoop loop_;
  FakeBookie bookie_;
  std::optional<Server> server_;
};

TEST_F(ServerTest, WhoConnectsBeforeItServesWaits) {
  server_.emplace(loop_, bookie_, ServerOptions{});
  RawPeer peer(loop_, server_->Listen().value());
  peer.Send(CallBytes(1, SampleReadRequest()));
  RunReady(loop_);
  EXPECT_EQ(server_->stats().accepted, 0U);
  server_->Serve();
  EXPECT_TRUE(RunUntil(loop_, [&] { return bookie_.reads.size() == 1; }));
}

TEST_F(ServerTest, AnswersInTheOrderTheHandlerDoes) {
  RawPeer peer(loop_, Start());
  peer.Send(AddBytes(1, 2) + AddBytes(2, 1) + CallBytes(3, SampleReadRequest()));
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.reads.size() == 1; }));
  ASSERT_EQ(bookie_.add_calls.size(), 2U);
  EXPECT_EQ(bookie_.add_calls[0].entries, (std::vector<std::string>{"entry 0", "entry 1"}));
  EXPECT_EQ(bookie_.add_calls[0].bookie, kBookie);
  EXPECT_EQ(bookie_.add_calls[0].keys[1], kKey);
  EXPECT_EQ(bookie_.reads[0].request.entries, SampleReadRequest().entries);
  bookie_.reads[0].done(SampleReadReply());
  bookie_.add_calls[1].done({Code::kFenced});
  ASSERT_TRUE(RunUntil(loop_, [&] { return peer.frames().size() == 2; }));
  bookie_.add_calls[0].done({Code::kOk, Code::kConflict});
  ASSERT_TRUE(RunUntil(loop_, [&] { return peer.frames().size() == 3; }));
  EXPECT_EQ(peer.message(0).seqid, 3);
  EXPECT_EQ(peer.message(0).name, "read");
  EXPECT_EQ(peer.message(1).seqid, 2);
  EXPECT_EQ(Codes(peer.message(1)), std::vector{Code::kFenced});
  EXPECT_EQ(peer.message(2).seqid, 1);
  EXPECT_EQ(Codes(peer.message(2)), (std::vector{Code::kOk, Code::kConflict}));
}

TEST_F(ServerTest, RepliesOfOneTurnLeaveInOneWrite) {
  RawPeer peer(loop_, Start());
  constexpr int kCalls = 100;
  std::string bytes;
  for (int i = 0; i < kCalls; ++i) bytes += AddBytes(i, 1);
  peer.Send(bytes);
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.add_calls.size() == kCalls; }));
  for (auto& call : bookie_.add_calls) call.AnswerAll(Code::kOk);
  ASSERT_TRUE(RunUntil(loop_, [&] { return peer.frames().size() == kCalls; }));
  EXPECT_EQ(peer.reads(), 1U);
}

TEST_F(ServerTest, ServesEveryMethod) {
  RawPeer peer(loop_, Start());
  peer.Send(CallBytes(1, SampleLacRequest()) + CallBytes(2, SampleWriteLacRequest()) +
            CallBytes(3, SampleListEntriesRequest()) + CallBytes(4, SampleStatusRequest()));
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.statuses.size() == 1; }));
  EXPECT_EQ(bookie_.lacs.at(0).request.known_lac, SampleLacRequest().known_lac);
  EXPECT_EQ(bookie_.write_lacs.at(0).request.record, SampleWriteLacRequest().record);
  EXPECT_EQ(bookie_.lists.at(0).request.from, SampleListEntriesRequest().from);
  bookie_.lacs[0].done(SampleLacReply());
  bookie_.write_lacs[0].done(SampleWriteLacReply());
  bookie_.lists[0].done(SampleListEntriesReply());
  bookie_.statuses[0].done(SampleStatusReply());
  ASSERT_TRUE(RunUntil(loop_, [&] { return peer.frames().size() == 4; }));
  protocol::StatusReply status;
  ASSERT_TRUE(DecodeReply(peer.message(3).body, status));
  EXPECT_EQ(status.instance, SampleStatusReply().instance);
}

TEST_F(ServerTest, ABrokenContractIsAnsweredWithoutAskingTheHandler) {
  RawPeer peer(loop_, Start());
  auto lac = SampleLacRequest();
  lac.wait_ms = -1;
  peer.Send(CallBytes(1, lac) + AddBytes(2, 3, -1));
  ASSERT_TRUE(RunUntil(loop_, [&] { return peer.frames().size() == 2; }));
  protocol::LacReply reply;
  ASSERT_TRUE(DecodeReply(peer.message(0).body, reply));
  EXPECT_EQ(reply.code, Code::kBadRequest);
  EXPECT_EQ(Codes(peer.message(1)), std::vector(3, Code::kBadRequest));
  EXPECT_TRUE(bookie_.lacs.empty());
  EXPECT_FALSE(peer.closed());
}

TEST_F(ServerTest, AMalformedFrameClosesItsConnectionOnly) {
  const std::uint16_t port = Start();
  RawPeer good(loop_, port);
  std::string trailing = AddBytes(1, 1) + "x";
  common::StoreBig(trailing.data(), static_cast<std::uint32_t>(trailing.size() - 4));
  std::string reply;
  AppendAddReply(reply, 1, std::vector{Code::kOk});
  std::uint64_t malformed = 0;
  for (const std::string& bytes :
       {std::string("GET / HTTP/1.1\r\n\r\n"), std::string("\0\0\0\4abcd", 8), trailing, reply,
        std::string("\xff\xff\xff\xff", 4), std::string(4, '\0')}) {
    RawPeer bad(loop_, port);
    bad.Send(bytes);
    ASSERT_TRUE(RunUntil(loop_, [&] { return bad.closed(); }));
    EXPECT_EQ(server_->stats().malformed, ++malformed);
    EXPECT_TRUE(bad.frames().empty());
  }
  good.Send(AddBytes(1, 1));
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.add_calls.size() == 1; }));
  EXPECT_FALSE(good.closed());
  EXPECT_EQ(server_->stats().connections, 1U);
}

TEST_F(ServerTest, AnUnknownMethodIsToldSoAndClosed) {
  RawPeer peer(loop_, Start());
  std::string frame;
  const std::size_t begin = BeginFrame(frame, MessageType::kCall, "drop_all", 9);
  AppendStop(frame);
  SealFrame(frame, begin);
  peer.Send(frame);
  ASSERT_TRUE(RunUntil(loop_, [&] { return peer.closed(); }));
  ASSERT_EQ(peer.frames().size(), 1U);
  EXPECT_EQ(peer.message(0).type, MessageType::kException);
  EXPECT_EQ(peer.message(0).seqid, 9);
}

TEST_F(ServerTest, StopsReadingAddsWhileTheHandlerIsFullAndTellsExpiredOnes) {
  RawPeer peer(loop_, Start());
  bookie_.accepting = false;
  peer.Send(CallBytes(1, SampleStatusRequest()) + AddBytes(2, 2, 1) + AddBytes(3, 1, 0) +
            CallBytes(4, SampleReadRequest()));
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.statuses.size() == 1; }));
  const auto begin = loop_.Now();
  ASSERT_TRUE(RunUntil(loop_, [&] { return loop_.Now() - begin > milliseconds(20); }));
  EXPECT_TRUE(bookie_.add_calls.empty());
  EXPECT_TRUE(bookie_.reads.empty());  // behind the adds on the same connection
  bookie_.accepting = true;
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.reads.size() == 1; }));
  // The first add had 1 ms from its arrival; the second had no limit.
  ASSERT_EQ(bookie_.add_calls.size(), 1U);
  EXPECT_EQ(bookie_.add_calls[0].entries.size(), 1U);
  ASSERT_TRUE(RunUntil(loop_, [&] { return peer.frames().size() == 1; }));
  EXPECT_EQ(peer.message(0).seqid, 2);
  EXPECT_EQ(Codes(peer.message(0)), std::vector(2, Code::kExpired));
  EXPECT_EQ(server_->stats().expired, 1U);
}

TEST_F(ServerTest, StopsReadingAConnectionWithTooManyCallsUnderWay) {
  const std::uint16_t port = Start({.max_calls = 10});
  RawPeer greedy(loop_, port);
  RawPeer other(loop_, port);
  std::string bytes;
  for (int i = 0; i < 25; ++i) bytes += AddBytes(i, 1);
  greedy.Send(bytes);
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.add_calls.size() == 10; }));
  other.Send(AddBytes(1, 1));
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.add_calls.size() == 11; }));
  RunReady(loop_);
  EXPECT_EQ(bookie_.add_calls.size(), 11U);
  bookie_.add_calls[0].AnswerAll(Code::kOk);
  bookie_.add_calls[1].AnswerAll(Code::kOk);
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.add_calls.size() == 13; }));
  for (std::size_t i = 2; i < bookie_.add_calls.size(); ++i)
    bookie_.add_calls[i].AnswerAll(Code::kOk);
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.add_calls.size() >= 22; }));
}

TEST_F(ServerTest, StopsReadingAConnectionThatDoesNotTakeItsReplies) {
  const std::uint16_t port = Start({.max_reply_bytes = 1024 * 1024});
  boost::asio::ip::tcp::socket deaf(loop_.context());
  deaf.connect({boost::asio::ip::address_v4::loopback(), port});
  std::string bytes;
  constexpr std::size_t kCalls = 200;
  auto request = SampleReadRequest();
  request.entries.resize(1);
  request.max_bytes = 0;
  for (std::size_t i = 0; i < kCalls; ++i) {
    bytes += CallBytes(static_cast<std::int32_t>(i), request);
  }
  boost::asio::write(deaf, boost::asio::buffer(bytes));
  // Reads without answer count with what they may bring.
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.reads.size() == 16; }));
  RunReady(loop_);
  EXPECT_EQ(bookie_.reads.size(), 16U);
  // The kernel's buffers take some megabytes; then the bound holds.
  std::size_t answered = 0;
  for (std::size_t last = 0; answered == 0 || last < answered;) {
    last = answered;
    for (; answered < bookie_.reads.size(); ++answered) {
      bookie_.reads[answered].done(
          {.code = Code::kOk,
           .answers = {{.code = Code::kOk, .bytes = std::string(500'000, 'r')}}});
    }
    loop_.context().run_for(milliseconds(50));
  }
  EXPECT_LT(answered, kCalls / 2);
  // When the peer takes them after all, reading goes on.
  std::vector<char> sink(1024 * 1024);
  ASSERT_TRUE(RunUntil(loop_, [&] {
    deaf.non_blocking(true);
    boost::system::error_code nothing;
    while (deaf.read_some(boost::asio::buffer(sink), nothing) > 0) {
    }
    return bookie_.reads.size() > answered;
  }));
}

TEST_F(ServerTest, ALongPollIsNoCallAndHasItsOwnBound) {
  RawPeer peer(loop_, Start({.max_calls = 1, .max_long_polls = 2}));
  std::string bytes;
  for (int i = 0; i < 3; ++i) bytes += CallBytes(i, SampleLacRequest());
  peer.Send(bytes + AddBytes(3, 1));
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.add_calls.size() == 1; }));
  EXPECT_EQ(bookie_.lacs.size(), 2U);
  ASSERT_TRUE(RunUntil(loop_, [&] { return peer.frames().size() == 1; }));
  protocol::LacReply reply;
  ASSERT_TRUE(DecodeReply(peer.message(0).body, reply));
  EXPECT_EQ(reply.code, Code::kBusy);
}

TEST_F(ServerTest, DropsRepliesForAConnectionThatIsGone) {
  const std::uint16_t port = Start();
  {
    RawPeer peer(loop_, port);
    peer.Send(AddBytes(1, 1) + CallBytes(2, SampleReadRequest()));
    ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.reads.size() == 1; }));
  }
  ASSERT_TRUE(RunUntil(loop_, [&] { return server_->stats().connections == 0; }));
  bookie_.add_calls[0].AnswerAll(Code::kOk);
  server_.reset();
  bookie_.reads[0].done(SampleReadReply());
  RunReady(loop_);
}

TEST_F(ServerTest, RefusesConnectionsOverItsCap) {
  const std::uint16_t port = Start({.max_connections = 1});
  RawPeer first(loop_, port);
  first.Send(AddBytes(1, 1));
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.add_calls.size() == 1; }));
  RawPeer second(loop_, port);
  ASSERT_TRUE(RunUntil(loop_, [&] { return second.closed(); }));
  EXPECT_EQ(server_->stats().refused, 1U);
  EXPECT_FALSE(first.closed());
}

TEST_F(ServerTest, AReplyTooLargeForAFrameBecomesUnknown) {
  RawPeer peer(loop_, Start());
  peer.Send(CallBytes(5, SampleReadRequest()));
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.reads.size() == 1; }));
  auto reply = SampleReadReply();
  reply.answers[0].bytes.resize(protocol::kMaxFrameBytes);
  bookie_.reads[0].done(std::move(reply));
  ASSERT_TRUE(RunUntil(loop_, [&] { return peer.frames().size() == 1; }));
  protocol::ReadReply read;
  ASSERT_TRUE(DecodeReply(peer.message(0).body, read));
  EXPECT_EQ(read.code, Code::kUnknown);
}

TEST_F(ServerTest, SaysWhyItCannotListen) {
  const std::uint16_t port = Start();
  Server second(loop_, bookie_, {.port = port});
  const auto in_use = second.Start();
  ASSERT_FALSE(in_use.has_value());
  EXPECT_EQ(in_use.error().code(), common::Errc::kIo);
  EXPECT_NE(
      in_use.error().ToString().find("port " + std::to_string(port) + " on 127.0.0.1 is in use"),
      std::string::npos);
  Server nowhere(loop_, bookie_, {.address = "localhost"});
  EXPECT_EQ(nowhere.Start().error().code(), common::Errc::kInvalidArgument);
  Server foreign(loop_, bookie_, {.address = "203.0.113.1"});
  EXPECT_EQ(foreign.Start().error().code(), common::Errc::kInvalidArgument);
}

}  // namespace
}  // namespace quire::rpc
