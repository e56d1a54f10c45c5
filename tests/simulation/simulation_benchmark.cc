// How fast the simulated world turns: prints what each part does in a second of CPU time.
#include <chrono>
#include <cstdio>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "protocol/entry.h"
#include "tests/simulation/sim_channel.h"
#include "tests/simulation/sim_metadata_store.h"
#include "tests/simulation/sim_server.h"
#include "tests/simulation/simple_bookie.h"

namespace quire::simulation {
namespace {

constexpr protocol::BookieId kBookie{1, 1};
constexpr protocol::LedgerKey kKey{7, 7};

template <typename Run>
void Measure(const char* name, Run run) {
  const std::clock_t begin = std::clock();
  const auto [done, events] = run();
  const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  std::printf("%-44s %10.0f a second, %10.0f events a second\n", name,
              static_cast<double>(done) / seconds, static_cast<double>(events) / seconds);
}

struct Count {
  std::uint64_t done;
  std::uint64_t events;
};

Count Timers() {
  SimScheduler scheduler(1);
  SimLoop loop(scheduler, "p");
  std::uint64_t fired = 0;
  struct Chain {
    SimLoop& loop;
    std::uint64_t& fired;
    void Next() {
      ++fired;
      loop.After(common::Duration(1000), [this] { Next(); });
    }
  };
  std::vector<std::unique_ptr<Chain>> chains;
  for (int i = 0; i < 100; ++i) {
    chains.push_back(std::make_unique<Chain>(loop, fired));
    chains.back()->Next();
  }
  while (fired < 5'000'000) scheduler.Step();
  return {fired, scheduler.events()};
}

Count Posts() {
  SimScheduler scheduler(1);
  SimLoop loop(scheduler, "p");
  std::uint64_t ran = 0;
  std::function<void()> next = [&] {
    ++ran;
    loop.Post([&next] { next(); });
  };
  for (int i = 0; i < 10; ++i) next();
  while (ran < 5'000'000) scheduler.Step();
  return {ran, scheduler.events()};
}

class CountAdds final : public rpc::AddSink {
 public:
  void OnAdd(const rpc::AddTicket&, protocol::Code) override { ++count; }
  std::uint64_t count = 0;
};

// Adds of a writer with three bookies, one entry a turn.
Count Adds(std::uint64_t seed, int entries, const FaultProfile& profile) {
  SimScheduler scheduler(seed);
  Trace trace(scheduler, 0);
  SimNetwork network(scheduler, profile, trace);
  SimLoop client(scheduler, "c");
  SimChannelPool pool(network, "c", client);
  auto sink = std::make_shared<CountAdds>();
  struct Bookie {
    std::unique_ptr<SimLoop> loop;
    SimpleDisk disk;
    std::unique_ptr<SimpleBookie> handler;
    std::unique_ptr<SimServer> server;
    std::shared_ptr<rpc::BookieChannel> channel;
  };
  std::vector<Bookie> bookies(3);
  for (std::size_t i = 0; i < bookies.size(); ++i) {
    Bookie& b = bookies[i];
    b.loop = std::make_unique<SimLoop>(scheduler, "b");
    b.handler = std::make_unique<SimpleBookie>(*b.loop, b.disk, SimpleBookieOptions{kBookie});
    b.server = std::make_unique<SimServer>(network, "b" + std::to_string(i), *b.loop, *b.handler);
    b.channel = pool.Get("b" + std::to_string(i));
  }
  std::string bytes;
  for (int i = 0; i < entries; ++i) {
    client.After(std::chrono::microseconds(20 * i), [&, i] {
      bytes.clear();
      protocol::EncodeEntry({.ledger = protocol::LedgerId(1), .entry = protocol::EntryId(i)},
                            "sixteen bytes...", bytes);
      for (Bookie& b : bookies) {
        b.channel->Add(kBookie, {.entry = bytes, .key = kKey}, {sink, protocol::EntryId(i), 0});
      }
    });
  }
  scheduler.RunFor(std::chrono::seconds(100));
  return {sink->count, scheduler.events()};
}

Count Metadata() {
  SimScheduler scheduler(1);
  Trace trace(scheduler, 0);
  SimMetadata servers(scheduler, {}, trace);
  SimLoop loop(scheduler, "c");
  SimMetadataStore store(servers, loop);
  std::uint64_t calls = 0;
  store.Create("/ledgers/1", "value", metadata::NodeKind::kPersistent, [](auto) {});
  scheduler.RunFor(std::chrono::seconds(1));
  std::function<void()> next = [&] {
    store.CompareAndSet("/ledgers/1", std::string(200, 'v'),
                        metadata::Version{static_cast<std::int32_t>(calls)}, [&](auto) {
                          ++calls;
                          next();
                        });
  };
  next();
  while (calls < 300'000) scheduler.Step();
  return {calls, scheduler.events()};
}

}  // namespace
}  // namespace quire::simulation

int main() {
  using namespace quire::simulation;
  Measure("timers of one process, 100 under way", Timers);
  Measure("posted tasks", Posts);
  Measure("adds to three bookies, one long world", [] { return Adds(1, 100'000, {}); });
  Measure("worlds of 3 bookies and 8 entries, all faults", [] {
    Count count{0, 0};
    for (std::uint64_t seed = 0; seed < 20'000; ++seed) {
      quire::common::Random random(seed);
      count.events += Adds(seed, 8, FaultProfile::Draw(random)).events;
      ++count.done;
    }
    return count;
  });
  Measure("compare-and-swaps", Metadata);
}
