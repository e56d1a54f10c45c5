// Adds of 1 KB through a real client and a real server over loopback, each on its own thread: how
// many a second, and what one costs both ends. The handler answers at once. Not a test.

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <future>
#include <memory>

#include "common/check.h"
#include "rpc/adds_only_handler.h"
#include "rpc/connection_pool.h"
#include "rpc/server.h"

namespace quire::rpc {
namespace {

using protocol::Code;

constexpr std::size_t kEntryBytes = 1024;

class InstantBookie final : public AddsOnlyHandler {
 public:
  void Add(protocol::BookieId, std::span<const protocol::Add> adds,
           common::Callback<std::vector<Code>> done) override {
    ++frames;
    done(std::vector(adds.size(), Code::kOk));
  }

  std::int64_t frames = 0;
};

// Keeps `window` adds under way until the time is over.
class Driver final : public AddSink, public std::enable_shared_from_this<Driver> {
 public:
  Driver(AsioLoop& loop, std::shared_ptr<BookieChannel> channel, int window, double seconds)
      : loop_(loop),
        channel_(std::move(channel)),
        window_(window),
        end_(loop.Now() +
             std::chrono::duration_cast<common::Duration>(std::chrono::duration<double>(seconds))) {
  }

  void Start() {
    for (int i = 0; i < window_; ++i) Send();
  }
  void OnAdd(const AddTicket&, Code code) override {
    QUIRE_CHECK(code == Code::kOk);
    ++answered;
    if ((answered & 63) != 0 || loop_.Now() < end_) {
      if (!over_) return Send();
    } else {
      over_ = true;
    }
    if (answered == sent_) done.set_value();
  }

  std::int64_t answered = 0;
  std::promise<void> done;

 private:
  void Send() {
    channel_->Add({1, 2}, {.entry = entry_, .key = {3, 4}},
                  {.sink = shared_from_this(), .entry = protocol::EntryId(sent_++)});
  }

  AsioLoop& loop_;
  const std::shared_ptr<BookieChannel> channel_;
  const int window_;
  const common::TimePoint end_;
  const std::string entry_ = std::string(kEntryBytes, 'e');
  std::int64_t sent_ = 0;
  bool over_ = false;
};

template <typename Function>
auto On(AsioLoop& loop, Function function) {
  std::promise<decltype(function())> result;
  loop.Post([&] {
    if constexpr (std::is_void_v<decltype(function())>) {
      function();
      result.set_value();
    } else {
      result.set_value(function());
    }
  });
  return result.get_future().get();
}

double ThreadCpu() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

void Measure(int window, double seconds) {
  AsioLoop server_loop("server");
  AsioLoop client_loop("client");
  InstantBookie bookie;
  common::Random random(1);
  Server server(server_loop, bookie, {});
  auto pool = std::make_unique<ConnectionPool>(client_loop, random, PoolOptions());
  const auto port = On(server_loop, [&] { return server.Start(); });
  QUIRE_CHECK(port.has_value());
  const auto driver = On(client_loop, [&] {
    return std::make_shared<Driver>(client_loop, pool->Get("127.0.0.1:" + std::to_string(*port)),
                                    window, seconds);
  });
  const auto begin = client_loop.Now();
  On(client_loop, [&] { driver->Start(); });
  driver->done.get_future().get();
  const double wall = std::chrono::duration<double>(client_loop.Now() - begin).count();
  const auto adds = static_cast<double>(driver->answered);
  const double client_cpu = On(client_loop, ThreadCpu);
  const double server_cpu = On(server_loop, ThreadCpu);
  std::printf("window %5d: %8.0f adds/s, %6.1f adds/frame, CPU us/add: client %.2f server %.2f\n",
              window, adds / wall, adds / static_cast<double>(bookie.frames),
              1e6 * client_cpu / adds, 1e6 * server_cpu / adds);
  client_loop.Stop();
  server_loop.Stop();
}

}  // namespace
}  // namespace quire::rpc

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 3;
  for (const int window : {1, 64, 1000}) quire::rpc::Measure(window, seconds);
}
