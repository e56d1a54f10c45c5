// Client and server on threads of their own, as in production: what the thread sanitizer has to
// see.

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <optional>

#include "rpc/adds_only_handler.h"
#include "rpc/connection_pool.h"
#include "rpc/server.h"
#include "tests/rpc/fake_bookie.h"
#include "tests/rpc/sample_messages.h"

namespace quire::rpc {
namespace {

using namespace testing;
using protocol::Code;

// Answers from another thread, through the loop, as a journal does.
class JournalingBookie final : public AddsOnlyHandler {
 public:
  JournalingBookie(AsioLoop& loop, AsioLoop& journal) : loop_(loop), journal_(journal) {}

  void Add(protocol::BookieId, std::span<const protocol::Add> adds,
           common::Callback<std::vector<Code>> done) override {
    journal_.Post([this, count = adds.size(), done = std::move(done)]() mutable {
      loop_.Post(
          [count, done = std::move(done)]() mutable { done(std::vector(count, Code::kOk)); });
    });
  }

 private:
  AsioLoop& loop_;
  AsioLoop& journal_;
};

// Sends `total` adds, `window` at a time.
class Writer final : public AddSink, public std::enable_shared_from_this<Writer> {
 public:
  Writer(std::shared_ptr<BookieChannel> channel, int total)
      : channel_(std::move(channel)), total_(total) {}

  void Start(int window) {
    for (int i = 0; i < window; ++i) Send();
  }
  void OnAdd(const AddTicket&, Code code) override {
    good_ += code == Code::kOk ? 1 : 0;
    if (++answered_ == total_) return done.set_value(good_);
    if (sent_ < total_) Send();
  }

  std::promise<int> done;  // how many were OK

 private:
  void Send() {
    channel_->Add(kBookie, {.entry = "entry bytes", .key = kKey},
                  {.sink = shared_from_this(), .entry = protocol::EntryId(sent_++)});
  }

  const std::shared_ptr<BookieChannel> channel_;
  const int total_;
  int sent_ = 0;
  int answered_ = 0;
  int good_ = 0;
};

TEST(TwoLoopsTest, ManyWritersOnManyConnectionsGetEveryAnswerOnce) {
  constexpr int kAdds = 20'000;
  AsioLoop journal("journal");
  AsioLoop server_loop("server");
  AsioLoop client_loops[2] = {AsioLoop("client-0"), AsioLoop("client-1")};
  JournalingBookie bookie(server_loop, journal);
  Server server(server_loop, bookie, {});
  std::promise<common::Result<std::uint16_t>> started;
  server_loop.Post([&] { started.set_value(server.Start()); });
  const auto port = started.get_future().get();
  ASSERT_TRUE(port.has_value());

  common::Random randoms[2] = {common::Random(1), common::Random(2)};
  std::optional<ConnectionPool> pools[2];
  std::vector<std::future<int>> results;
  std::promise<std::shared_ptr<Writer>> writers[2];
  for (int i = 0; i < 2; ++i) {
    client_loops[i].Post([&, i] {
      pools[i].emplace(client_loops[i], randoms[i], PoolOptions());
      const auto writer =
          std::make_shared<Writer>(pools[i]->Get("127.0.0.1:" + std::to_string(*port)), kAdds);
      writers[i].set_value(writer);
      writer->Start(100);
    });
    results.push_back(writers[i].get_future().get()->done.get_future());
  }
  for (auto& result : results) EXPECT_EQ(result.get(), kAdds);

  for (AsioLoop& loop : client_loops) loop.Stop();
  server_loop.Stop();
  journal.Stop();
  for (auto& pool : pools) pool.reset();
}

}  // namespace
}  // namespace quire::rpc
