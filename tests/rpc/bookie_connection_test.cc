#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <optional>
#include <set>

#include "protocol/limits.h"
#include "rpc/connection_pool.h"
#include "rpc/server.h"
#include "tests/rpc/fake_bookie.h"
#include "tests/rpc/loop_runner.h"
#include "tests/rpc/sample_messages.h"

namespace quire::rpc {
namespace {

using namespace testing;
using protocol::Code;
using protocol::EntryId;
using std::chrono::milliseconds;
using std::chrono::seconds;

class BookieConnectionTest : public ::testing::Test {
 protected:
  ~BookieConnectionTest() override {
    pool_.reset();
    server_.reset();
  }

  void StartServer(std::uint16_t port = 0) {
    server_.emplace(loop_, bookie_, ServerOptions{.port = port});
    const auto started = server_->Start();
    ASSERT_TRUE(started.has_value()) << started.error().ToString();
    port_ = *started;
  }
  BookieChannel& Open(PoolOptions options = {}) {
    pool_.emplace(loop_, random_, options);
    return *pool_->Get(Address());
  }
  std::string Address() const { return "127.0.0.1:" + std::to_string(port_); }

  void Add(BookieChannel& channel, int entry, protocol::BookieId bookie = kBookie,
           std::string_view bytes = "entry bytes") {
    channel.Add(bookie, {.entry = bytes, .key = kKey}, {.sink = sink_, .entry = EntryId(entry)});
  }

  AsioLoop loop_;
  common::Random random_{7};
  FakeBookie bookie_;
  std::optional<Server> server_;
  std::uint16_t port_ = 0;
  std::optional<ConnectionPool> pool_;
  const std::shared_ptr<RecordingSink> sink_ = std::make_shared<RecordingSink>();
};

TEST_F(BookieConnectionTest, AddsOfOneTurnArriveAsOneCall) {
  StartServer();
  BookieChannel& channel = Open();
  loop_.Post([&] {
    for (int i = 0; i < 100; ++i) Add(channel, i);
  });
  ASSERT_TRUE(RunUntil(loop_, [&] { return !bookie_.add_calls.empty(); }));
  ASSERT_EQ(bookie_.add_calls.size(), 1U);
  EXPECT_EQ(bookie_.add_calls[0].entries.size(), 100U);
  bookie_.add_calls[0].AnswerAll(Code::kOk);
  ASSERT_TRUE(RunUntil(loop_, [&] { return sink_->outcomes.size() == 100; }));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(sink_->outcomes[i], std::pair(EntryId(i), Code::kOk));
  // On the connection that is there now, too, from tasks of their own.
  for (int i = 0; i < 50; ++i) loop_.Post([&, i] { Add(channel, i); });
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.add_calls.size() == 2; }));
  EXPECT_EQ(bookie_.add_calls[1].entries.size(), 50U);
}

TEST_F(BookieConnectionTest, SplitsAddsAtTheBoundsOfAFrame) {
  StartServer();
  bookie_.answer_at_once = true;
  BookieChannel& channel = Open();
  constexpr int kMany = 10'000;
  for (int i = 0; i < kMany; ++i) Add(channel, i);
  const std::string large(protocol::kMaxPayloadBytes, 'L');
  for (int i = 0; i < 5; ++i) Add(channel, kMany + i, kBookie, large);
  ASSERT_TRUE(RunUntil(loop_, [&] { return sink_->outcomes.size() == kMany + 5; }));
  EXPECT_EQ(sink_->count(Code::kOk), static_cast<std::size_t>(kMany + 5));
  std::size_t most = 0;
  for (const auto& call : bookie_.add_calls) most = std::max(most, call.entries.size());
  EXPECT_GT(most, 1000U);
  EXPECT_LE(most, protocol::kMaxEntriesPerCall);
  EXPECT_EQ(bookie_.add_calls.back().entries.back(), large);
}

TEST_F(BookieConnectionTest, KeepsAddsForDifferentBookiesOfADaemonApart) {
  StartServer();
  BookieChannel& channel = Open();
  const protocol::BookieId other{5, 6};
  for (int i = 0; i < 20; ++i) Add(channel, i, i % 2 == 0 ? kBookie : other);
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.add_calls.size() == 2; }));
  EXPECT_EQ(bookie_.add_calls[0].bookie, kBookie);
  EXPECT_EQ(bookie_.add_calls[0].entries.size(), 10U);
  EXPECT_EQ(bookie_.add_calls[1].bookie, other);
  EXPECT_EQ(bookie_.add_calls[1].entries.size(), 10U);
}

TEST_F(BookieConnectionTest, MatchesRepliesThatComeInAnyOrder) {
  StartServer();
  BookieChannel& channel = Open();
  std::vector<int> order;
  channel.Read(SampleReadRequest(), [&](const protocol::ReadReply& reply) {
    EXPECT_EQ(reply.answers.at(0).bytes, "an entry");
    order.push_back(1);
  });
  channel.Lac(SampleLacRequest(), [&](const protocol::LacReply& reply) {
    EXPECT_EQ(reply.lac, SampleLacReply().lac);
    order.push_back(2);
  });
  channel.WriteLac(SampleWriteLacRequest(), [&](const protocol::WriteLacReply& reply) {
    EXPECT_EQ(reply.code, Code::kUnauthorized);
    order.push_back(3);
  });
  channel.ListEntries(SampleListEntriesRequest(), [&](const protocol::ListEntriesReply& reply) {
    EXPECT_EQ(reply.runs, SampleListEntriesReply().runs);
    order.push_back(4);
  });
  channel.Status(SampleStatusRequest(), [&](const protocol::StatusReply& reply) {
    EXPECT_EQ(reply.bookies.size(), 1U);
    order.push_back(5);
  });
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.statuses.size() == 1; }));
  bookie_.statuses[0].done(SampleStatusReply());
  bookie_.lists[0].done(SampleListEntriesReply());
  bookie_.write_lacs[0].done(SampleWriteLacReply());
  bookie_.lacs[0].done(SampleLacReply());
  bookie_.reads[0].done(SampleReadReply());
  ASSERT_TRUE(RunUntil(loop_, [&] { return order.size() == 5; }));
  EXPECT_EQ(order, (std::vector{5, 4, 3, 2, 1}));
}

TEST_F(BookieConnectionTest, GivesUpAfterTheTimeLimitAndIgnoresTheLateReply) {
  StartServer();
  BookieChannel& channel =
      Open({.add_timeout = milliseconds(30), .call_timeout = milliseconds(40)});
  std::vector<Code> statuses;
  Add(channel, 1);
  channel.Status({}, [&](const protocol::StatusReply& reply) { statuses.push_back(reply.code); });
  // A long poll waits on top of its limit.
  bool polled = false;
  auto poll = SampleLacRequest();
  poll.deadline_ms = 20;
  poll.wait_ms = 60'000;
  channel.Lac(poll, [&](const protocol::LacReply& reply) { polled = reply.code == Code::kOk; });
  ASSERT_TRUE(RunUntil(loop_, [&] { return statuses.size() == 1 && !sink_->outcomes.empty(); }));
  EXPECT_EQ(statuses[0], Code::kTimeout);
  EXPECT_EQ(sink_->outcomes[0].second, Code::kTimeout);
  EXPECT_EQ(bookie_.statuses.at(0).request.deadline_ms, 40);
  bookie_.add_calls.at(0).AnswerAll(Code::kOk);
  bookie_.statuses[0].done(SampleStatusReply());
  bookie_.lacs.at(0).done(SampleLacReply());
  ASSERT_TRUE(RunUntil(loop_, [&] { return polled; }));
  EXPECT_EQ(sink_->outcomes.size(), 1U);
  EXPECT_EQ(statuses.size(), 1U);
  EXPECT_EQ(server_->stats().accepted, 1U);  // still the same connection
}

// I/O goes nowhere but no error comes: after some timeouts without a byte the connection is given
// up.
TEST_F(BookieConnectionTest, LeavesAConnectionThatSaysNothing) {
  StartServer();
  BookieChannel& channel = Open({.add_timeout = milliseconds(10)});
  int sent = 0;
  ASSERT_TRUE(RunUntil(loop_, [&] {
    if (sink_->outcomes.size() == static_cast<std::size_t>(sent)) Add(channel, sent++);
    return server_->stats().accepted == 2;
  }));
  EXPECT_GE(sink_->count(Code::kTimeout), 3U);
}

TEST_F(BookieConnectionTest, AnswersDisconnectedOnceForEveryCallWhenTheServerDies) {
  StartServer();
  BookieChannel& channel = Open();
  constexpr int kAdds = 1000;
  int reads = 0;
  for (int i = 0; i < kAdds / 2; ++i) Add(channel, i);
  channel.Read(SampleReadRequest(), [&](const protocol::ReadReply& reply) {
    EXPECT_EQ(reply.code, Code::kDisconnected);
    ++reads;
  });
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.adds() == kAdds / 2; }));
  for (int i = kAdds / 2; i < kAdds; ++i) Add(channel, i);
  server_.reset();
  ASSERT_TRUE(RunUntil(loop_, [&] { return sink_->outcomes.size() == kAdds && reads == 1; }));
  RunReady(loop_);
  EXPECT_EQ(sink_->count(Code::kDisconnected), static_cast<std::size_t>(kAdds));
  std::set<std::int64_t> entries;
  for (const auto& [entry, code] : sink_->outcomes) entries.insert(entry.value());
  EXPECT_EQ(entries.size(), static_cast<std::size_t>(kAdds));
  // While backing off a call fails at once, but in a later turn (T-40).
  Add(channel, kAdds);
  EXPECT_EQ(sink_->outcomes.size(), static_cast<std::size_t>(kAdds));
  RunReady(loop_);
  EXPECT_EQ(sink_->outcomes.back(), std::pair(EntryId(kAdds), Code::kDisconnected));
}

TEST_F(BookieConnectionTest, ReconnectsAfterTheServerRestarts) {
  StartServer();
  BookieChannel& channel =
      Open({.least_backoff = milliseconds(2), .most_backoff = milliseconds(8)});
  bookie_.answer_at_once = true;
  Add(channel, 1);
  ASSERT_TRUE(RunUntil(loop_, [&] { return sink_->count(Code::kOk) == 1; }));
  server_.reset();
  int sent = 1;
  ASSERT_TRUE(RunUntil(loop_, [&] {
    if (sink_->outcomes.size() == static_cast<std::size_t>(sent)) Add(channel, ++sent);
    return sink_->count(Code::kDisconnected) > 20;
  }));
  StartServer(port_);
  ASSERT_TRUE(RunUntil(loop_, [&] {
    if (sink_->outcomes.size() == static_cast<std::size_t>(sent)) Add(channel, ++sent);
    return sink_->count(Code::kOk) == 2;
  }));
  EXPECT_EQ(sink_->outcomes.size(), sink_->count(Code::kOk) + sink_->count(Code::kDisconnected));
}

TEST_F(BookieConnectionTest, RefusesMoreThanItsBoundOfBytes) {
  StartServer();
  BookieChannel& channel = Open({.max_outstanding_bytes = 100'000});
  const std::string bytes(10'000, 'b');
  for (int i = 0; i < 20; ++i) Add(channel, i, kBookie, bytes);
  EXPECT_TRUE(sink_->outcomes.empty());  // in a later turn (T-40)
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.adds() == 9; }));
  EXPECT_EQ(sink_->count(Code::kBusy), 11U);
  bookie_.add_calls.at(0).AnswerAll(Code::kOk);
  ASSERT_TRUE(RunUntil(loop_, [&] { return sink_->count(Code::kOk) == 9; }));
  Add(channel, 20, kBookie, bytes);
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.adds() == 10; }));
  Add(channel, 21, kBookie, std::string(protocol::kMaxPayloadBytes + 100, 'x'));
  RunReady(loop_);
  EXPECT_EQ(sink_->outcomes.back(), std::pair(EntryId(21), Code::kBadRequest));
}

TEST_F(BookieConnectionTest, DestroyingThePoolDisconnectsEverythingOnce) {
  StartServer();
  Open();
  const auto channel = pool_->Get(Address());
  EXPECT_EQ(channel, pool_->Get(Address()));
  Add(*channel, 1);
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.adds() == 1; }));
  Add(*channel, 2);
  pool_.reset();
  EXPECT_TRUE(sink_->outcomes.empty());
  Add(*channel, 3);
  RunReady(loop_);
  EXPECT_EQ(sink_->outcomes.size(), 3U);
  EXPECT_EQ(sink_->count(Code::kDisconnected), 3U);
}

// A callback may take the pool down with it.
TEST_F(BookieConnectionTest, ThePoolMayGoFromWithinACallback) {
  StartServer();
  BookieChannel& channel = Open();
  int codes = 0;
  for (int i = 0; i < 2; ++i) {
    channel.Status({}, [&](const protocol::StatusReply& reply) {
      codes += reply.code == Code::kDisconnected ? 10 : 1;
      pool_.reset();
    });
  }
  ASSERT_TRUE(RunUntil(loop_, [&] { return bookie_.statuses.size() == 2; }));
  for (auto& held : bookie_.statuses) held.done(SampleStatusReply());
  ASSERT_TRUE(RunUntil(loop_, [&] { return codes == 11; }));
}

TEST_F(BookieConnectionTest, AnAddressThatIsNoneOrAnswersNothingIsDisconnected) {
  pool_.emplace(loop_, random_, PoolOptions{.connect_timeout = milliseconds(50)});
  int entry = 0;
  // The last one accepts nobody: a listener whose queue is full, so that connecting takes for ever.
  boost::asio::ip::tcp::acceptor full(loop_.context(),
                                      {boost::asio::ip::address_v4::loopback(), 0});
  full.listen(0);
  std::vector<boost::asio::ip::tcp::socket> fillers;
  for (int i = 0; i < 3; ++i) {
    fillers.emplace_back(loop_.context());
    fillers.back().async_connect(full.local_endpoint(), [](const boost::system::error_code&) {});
  }
  RunReady(loop_);
  const std::string stuck = "127.0.0.1:" + std::to_string(full.local_endpoint().port());
  for (const std::string& address :
       {std::string(), std::string("nonsense"), std::string("127.0.0.1:0"),
        std::string("127.0.0.1:99999"), std::string("127.0.0.1:1"), stuck}) {
    Add(*pool_->Get(address), ++entry);
    EXPECT_TRUE(RunUntil(loop_, [&] {
      return sink_->outcomes.size() == static_cast<std::size_t>(entry);
    })) << address;
  }
  EXPECT_EQ(sink_->count(Code::kDisconnected), 6U);
}

}  // namespace
}  // namespace quire::rpc
