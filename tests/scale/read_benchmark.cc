// Reading a closed ledger through the client: three real bookies, whose caches are cold and whose
// files are in the page cache after the first pass. Not a test; run by hand:
//   read_benchmark [entries] [payload bytes] [passes] [readers] [flags of the bookies ...]
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bookie/loop_call.h"
#include "client/client.h"
#include "common/check.h"
#include "common/random.h"
#include "metadata/registry.h"
#include "metadata/zookeeper_store.h"
#include "rpc/asio_loop.h"
#include "tests/support/bookie_process.h"
#include "tests/support/zookeeper_server.h"

namespace {

using namespace quire;
using Clock = std::chrono::steady_clock;
using protocol::EntryId;

constexpr int kBookies = 3;

std::string MakeCluster(const testing::ZookeeperServer& server) {
  rpc::AsioLoop loop("setup");
  const std::string uri = server.uri("reads");
  auto store =
      bookie::RunOn(loop, [&] { return metadata::ZookeeperStore::Open(loop, uri).value(); });
  auto random = common::SystemRandom();
  const auto made = bookie::Await<common::Result<void>>(loop, [&](auto done) {
    metadata::InitCluster(*store, protocol::InstanceId::Make(random), 1, std::move(done));
  });
  QUIRE_CHECK(made.has_value());
  bookie::RunOn(loop, [&] { store.reset(); });
  return uri;
}

protocol::LedgerId Write(client::Client& client, std::int64_t entries, std::size_t payload) {
  auto writer = client.CreateLedger({.replication = {3, 3, 2}, .custom = {}}).value();
  const std::string bytes(payload, 'x');
  std::atomic<bool> failed = false;
  for (std::int64_t i = 0; i < entries; ++i) {
    writer->AppendAsync(bytes, [&failed](const auto& result) {
      if (!result.ok()) failed = true;
    });
  }
  QUIRE_CHECK(writer->Close().has_value() && !failed);
  return writer->id();
}

// CPU seconds that a process has used.
double CpuOf(const std::string& process) {
  std::ifstream stat("/proc/" + process + "/stat");
  std::string field;
  double ticks = 0;
  // Fields 14 and 15; the second, the name, has no blank in it.
  for (int i = 1; i <= 15 && stat >> field; ++i) {
    if (i >= 14) ticks += std::stod(field);
  }
  return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

// From the first to the last entry, one round of calls at a time.
void ReadAll(client::Client& client, protocol::LedgerId id, std::int64_t entries) {
  const auto reader = client.OpenLedger(id).value();
  for (EntryId next(0); next < EntryId(entries);) {
    const auto got = reader->Read(next, EntryId(entries - 1)).value();
    next = next + static_cast<std::int64_t>(got.size());
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t entries = argc > 1 ? std::atoll(argv[1]) : 300'000;
  const std::size_t payload = argc > 2 ? static_cast<std::size_t>(std::atoll(argv[2])) : 1024;
  const int passes = argc > 3 ? std::atoi(argv[3]) : 3;
  const int readers = argc > 4 ? std::atoi(argv[4]) : 1;
  const testing::ZookeeperServer zookeeper;
  const std::string uri = MakeCluster(zookeeper);
  std::vector<std::unique_ptr<testing::BookieProcess>> bookies;
  for (int i = 0; i < kBookies; ++i) {
    testing::BookieProcess::Options options{
        .metadata = uri, .directories = {}, .flags = {"--min-free-mb", "64"}};
    for (int flag = 5; flag < argc; ++flag) options.flags.emplace_back(argv[flag]);
    bookies.push_back(std::make_unique<testing::BookieProcess>(std::move(options)));
  }
  protocol::LedgerId id;
  {
    const auto client = client::Client::Connect(uri).value();
    id = Write(*client, entries, payload);
  }
  for (const auto& bookie : bookies) {
    QUIRE_CHECK(bookie->Term() == 0);
    bookie->Restart();
  }
  std::vector<std::unique_ptr<client::Client>> clients;
  for (int i = 0; i < readers; ++i) clients.push_back(client::Client::Connect(uri).value());
  for (int pass = 0; pass < passes; ++pass) {
    const auto bookie_cpu = [&bookies] {
      double sum = 0;
      for (const auto& bookie : bookies) sum += CpuOf(std::to_string(bookie->pid()));
      return sum;
    };
    const double bookies_before = bookie_cpu();
    const double client_before = CpuOf("self");
    const auto start = Clock::now();
    std::vector<std::thread> threads;
    threads.reserve(clients.size());
    for (const auto& client : clients) {
      threads.emplace_back([&] { ReadAll(*client, id, entries); });
    }
    for (std::thread& thread : threads) thread.join();
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    const auto count = static_cast<double>(entries * readers);
    std::printf(
        "pass %d, %d readers: %.0f k entries/s, %.0f MB/s; CPU us/entry: bookies %.2f, client "
        "%.2f\n",
        pass, readers, count / seconds / 1e3, count * static_cast<double>(payload) / seconds / 1e6,
        (bookie_cpu() - bookies_before) / count * 1e6,
        (CpuOf("self") - client_before) / count * 1e6);
    std::fflush(stdout);
  }
  return 0;
}
