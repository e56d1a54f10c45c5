#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "common/random.h"
#include "rpc/connection_pool.h"
#include "rpc/server.h"
#include "tests/rpc/fake_bookie.h"
#include "tests/rpc/loop_runner.h"
#include "tests/rpc/sample_messages.h"

namespace quire::rpc {
namespace {

using namespace testing;
using std::chrono::milliseconds;

// Counts how often each call came back.
class Calls final : public AddSink {
 public:
  std::size_t Begin() {
    ended_.push_back(0);
    return ended_.size() - 1;
  }
  void End(std::size_t call) { ++ended_[call]; }
  void OnAdd(const AddTicket& ticket, protocol::Code /*code*/) override {
    End(static_cast<std::size_t>(ticket.entry.value()));
  }
  bool AllEnded() const {
    return std::ranges::all_of(ended_, [](int times) { return times > 0; });
  }
  const std::vector<int>& ended() const { return ended_; }

 private:
  std::vector<int> ended_;
};

TEST(ConnectionRaceTest, EveryCallEndsExactlyOnceWhateverBreaksWhen) {  // L01
  AsioLoop loop;
  common::Random random(7);
  FakeBookie bookie;
  bookie.answer_at_once = true;
  std::optional<Server> server;
  const auto listen = [&](std::uint16_t port) {
    server.emplace(loop, bookie, ServerOptions{.port = port});
    return server->Start().value();
  };
  const std::uint16_t port = listen(0);
  const std::string address = "127.0.0.1:" + std::to_string(port);
  const PoolOptions options{.add_timeout = milliseconds(500),
                            .call_timeout = milliseconds(500),
                            .least_backoff = milliseconds(1),
                            .most_backoff = milliseconds(4)};
  auto pool = std::make_unique<ConnectionPool>(loop, random, options);
  const auto calls = std::make_shared<Calls>();
  for (int step = 0; step < 4000; ++step) {
    const auto channel = pool->Get(address);
    const std::uint64_t draw = common::Below(random, 120);
    if (draw < 2) {
      server.reset();
    } else if (draw < 4) {
      pool = std::make_unique<ConnectionPool>(loop, random, options);
    } else if (draw < 20) {
      loop.context().run_one_for(milliseconds(1));
    } else if (draw < 30) {
      RunReady(loop);
    } else if (draw < 40) {
      for (auto& read : bookie.reads) {
        if (read.done) std::exchange(read.done, nullptr)(SampleReadReply());
      }
    } else if (draw < 50) {
      if (!server) listen(port);
    } else if (draw < 70) {
      const std::size_t call = calls->Begin();
      channel->Read(SampleReadRequest(), [calls, call](protocol::ReadReply) { calls->End(call); });
    } else {
      const std::size_t call = calls->Begin();
      channel->Add(kBookie, {.entry = "entry", .key = kKey},
                   {.sink = calls, .entry = protocol::EntryId(static_cast<std::int64_t>(call))});
    }
  }
  ASSERT_TRUE(RunUntil(loop, [&] { return calls->AllEnded(); }));
  pool.reset();
  server.reset();
  RunReady(loop);
  std::size_t reached = 0;
  for (const int times : calls->ended()) EXPECT_EQ(times, 1);
  for (const auto& add : bookie.add_calls) reached += add.entries.size();
  EXPECT_GT(reached, 100U) << "some got through";
}

}  // namespace
}  // namespace quire::rpc
