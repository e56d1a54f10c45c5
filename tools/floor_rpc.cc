#include <chrono>
#include <ctime>
#include <future>
#include <memory>

#include "common/random.h"
#include "rpc/adds_only_handler.h"
#include "rpc/connection_pool.h"
#include "rpc/server.h"
#include "tools/floor_network.h"

namespace quire::tools {

using common::Fail;
using common::Result;
using protocol::Code;
using rpc::AsioLoop;

namespace {

class InstantBookie final : public rpc::AddsOnlyHandler {
 public:
  void Add(protocol::BookieId, std::span<const protocol::Add> adds,
           common::Callback<std::vector<Code>> done) override {
    done(std::vector(adds.size(), Code::kOk));
  }
};

// Keeps a window of adds under way until the time is over. On the client's loop.
class Driver final : public rpc::AddSink, public std::enable_shared_from_this<Driver> {
 public:
  Driver(AsioLoop& loop, std::shared_ptr<rpc::BookieChannel> channel, std::int64_t entry_bytes,
         double seconds)
      : loop_(loop),
        channel_(std::move(channel)),
        end_(loop.Now() +
             std::chrono::duration_cast<common::Duration>(std::chrono::duration<double>(seconds))),
        entry_(static_cast<std::size_t>(entry_bytes), 'e') {}

  void Start(std::int64_t window) {
    for (std::int64_t i = 0; i < window; ++i) Send();
  }
  void OnAdd(const rpc::AddTicket&, Code code) override {
    ++answered_;
    failed_ = failed_ || code != Code::kOk;
    if (!failed_ && loop_.Now() < end_) return Send();
    if (answered_ == sent_) done_.set_value(!failed_);
  }

  std::int64_t answered() const { return answered_; }
  std::future<bool> done() { return done_.get_future(); }

 private:
  void Send() {
    channel_->Add({1, 2}, {.entry = entry_, .key = {3, 4}},
                  {.sink = shared_from_this(), .entry = protocol::EntryId(sent_++)});
  }

  AsioLoop& loop_;
  const std::shared_ptr<rpc::BookieChannel> channel_;
  const common::TimePoint end_;
  const std::string entry_;
  std::int64_t sent_ = 0;
  std::int64_t answered_ = 0;
  bool failed_ = false;
  std::promise<bool> done_;
};

// What the function returns when the loop's thread calls it.
template <typename Function>
auto On(AsioLoop& loop, Function function) {
  std::promise<decltype(function())> result;
  loop.Post([&] { result.set_value(function()); });
  return result.get_future().get();
}

double ThreadCpuSeconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace

Result<RpcFloor> MeasureRpc(std::int64_t window, std::int64_t entry_bytes, double seconds) {
  AsioLoop server_loop("floor-server");
  AsioLoop client_loop("floor-client");
  InstantBookie bookie;
  common::Random random = common::SystemRandom();
  rpc::Server server(server_loop, bookie, {});
  rpc::ConnectionPool pool(client_loop, random, {});
  const auto port = On(server_loop, [&] { return server.Start(); });
  if (!port) return Fail(port.error());
  const auto driver = On(client_loop, [&] {
    return std::make_shared<Driver>(client_loop, pool.Get("127.0.0.1:" + std::to_string(*port)),
                                    entry_bytes, seconds);
  });
  auto done = driver->done();
  const auto begin = client_loop.Now();
  client_loop.Post([&] { driver->Start(window); });
  const bool ok = done.get();
  const double wall = std::chrono::duration<double>(client_loop.Now() - begin).count();
  const auto adds = static_cast<double>(driver->answered());
  const RpcFloor floor{.window = window,
                       .adds_per_second = adds / wall,
                       .client_cpu_us = 1e6 * On(client_loop, ThreadCpuSeconds) / adds,
                       .server_cpu_us = 1e6 * On(server_loop, ThreadCpuSeconds) / adds};
  client_loop.Stop();
  server_loop.Stop();
  if (!ok) return Fail(common::Errc::kUnreachable, "the rpc server of the floor");
  return floor;
}

}  // namespace quire::tools
