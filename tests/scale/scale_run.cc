#include "tests/scale/scale_run.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <thread>
#include <utility>

#include "bookie/loop_call.h"
#include "common/check.h"
#include "common/random.h"
#include "metadata/registry.h"
#include "metadata/zookeeper_store.h"
#include "rpc/connection_pool.h"

namespace quire::scale {

using bookie::Await;
using bookie::RunOn;
using common::Result;
using protocol::Code;

namespace {

using Clock = std::chrono::steady_clock;

double Since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string MakeCluster(rpc::AsioLoop& loop, const testing::ZookeeperServer& server) {
  const std::string uri = server.uri("scale");
  auto store = RunOn(loop, [&] { return metadata::ZookeeperStore::Open(loop, uri).value(); });
  auto random = common::SystemRandom();
  const auto made = Await<Result<void>>(loop, [&](auto done) {
    metadata::InitCluster(*store, protocol::InstanceId::Make(random), 1, std::move(done));
  });
  QUIRE_CHECK(made.has_value());
  RunOn(loop, [&] { store.reset(); });
  return uri;
}

// The connection of this object only.
class Connection {
 public:
  Connection(rpc::AsioLoop& loop, const std::string& address) : loop_(loop) {
    RunOn(loop_, [&] {
      pool_ = std::make_unique<rpc::ConnectionPool>(
          loop_, random_, rpc::PoolOptions{.add_timeout = std::chrono::minutes(1)});
      channel_ = pool_->Get(address);
    });
  }
  ~Connection() {
    RunOn(loop_, [this] {
      channel_.reset();
      pool_.reset();
    });
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  const std::shared_ptr<rpc::BookieChannel>& channel() const { return channel_; }

  protocol::ReadReply Read(protocol::BookieId bookie, std::int64_t ledger, std::int64_t entry) {
    protocol::ReadRequest request;
    request.bookie = bookie;
    request.ledger = protocol::LedgerId(ledger);
    request.entries.emplace_back(entry);
    return Await<protocol::ReadReply>(
        loop_, [&](auto done) { channel_->Read(std::move(request), std::move(done)); });
  }

 private:
  rpc::AsioLoop& loop_;
  common::Random random_ = common::SystemRandom();
  std::unique_ptr<rpc::ConnectionPool> pool_;
  std::shared_ptr<rpc::BookieChannel> channel_;
};

std::size_t Occurrences(const std::string& text, const std::string& of) {
  std::size_t count = 0;
  for (auto at = text.find(of); at != std::string::npos; at = text.find(of, at + 1)) ++count;
  return count;
}

}  // namespace

ScaleRun::ScaleRun(Options options) : options_(std::move(options)) {
  testing::BookieProcess::Options process{
      .metadata = MakeCluster(loop_, zookeeper_), .directories = {}, .flags = options_.flags};
  if (!options_.directory.empty()) process.directories = {options_.directory};
  bookie_ = std::make_unique<testing::BookieProcess>(std::move(process));
}

double ScaleRun::Fill() {
  const Connection connection(loop_, bookie_->address());
  const auto start = Clock::now();
  scale::Fill(loop_, connection.channel(), bookie_->bookies().front(), options_.filling);
  return Since(start);
}

double ScaleRun::Stop() {
  const auto start = Clock::now();
  QUIRE_CHECK(bookie_->Term() == 0);
  return Since(start);
}

double ScaleRun::Start() {
  const auto start = Clock::now();
  bookie_->Restart();
  return Since(start);
}

double ScaleRun::AwaitLog(const std::string& text) {
  const auto start = Clock::now();
  const std::size_t before = Occurrences(log(), text);
  while (Occurrences(log(), text) == before) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return Since(start);
}

Memory ScaleRun::MemoryNow() const {
  std::ifstream status("/proc/" + std::to_string(bookie_->pid()) + "/status");
  Memory memory;
  for (std::string name; status >> name;) {
    std::uint64_t kib = 0;
    if (name == "VmRSS:" && status >> kib) memory.resident = kib << 10;
    if (name == "VmHWM:" && status >> kib) memory.peak = kib << 10;
    std::getline(status, name);
  }
  QUIRE_CHECK(memory.resident != 0 && memory.peak != 0);
  return memory;
}

std::int64_t ScaleRun::Check(std::int64_t samples) {
  const Filling& filling = options_.filling;
  const protocol::BookieId bookie = bookie_->bookies().front();
  Connection connection(loop_, bookie_->address());
  std::int64_t wrong = 0;
  for (std::int64_t i = 0; i < samples; ++i) {
    // A step without a common divisor goes everywhere.
    const std::int64_t ledger = i * 7919 % filling.ledgers;
    const std::int64_t entry = i % filling.entries;
    const auto reply = connection.Read(bookie, ledger, entry);
    const bool right = reply.code == Code::kOk && reply.answers.size() == 1 &&
                       reply.answers[0].bytes == EntryOf(ledger, entry, filling.payload);
    const auto past = connection.Read(bookie, ledger, filling.entries);
    const bool ends = past.code == Code::kOk && past.answers.size() == 1 &&
                      past.answers[0].code == Code::kNoEntry;
    const auto none = connection.Read(bookie, filling.ledgers + i, 0);
    if (!right || !ends || none.code != Code::kNoLedger) ++wrong;
  }
  return wrong;
}

double ScaleRun::Get(const std::string& page, std::string& text) {
  const std::string listening = "HTTP at 127.0.0.1:";
  const std::string lines = log();
  const auto at = lines.rfind(listening);
  QUIRE_CHECK(at != std::string::npos);
  const auto start = Clock::now();
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(lines.substr(at + listening.size()))));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  QUIRE_CHECK(::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0);
  const std::string request = "GET " + page + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  QUIRE_CHECK(::write(fd, request.data(), request.size()) == static_cast<ssize_t>(request.size()));
  text.clear();
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(fd, buffer, sizeof(buffer))) > 0;) {
    text.append(buffer, static_cast<std::size_t>(got));
  }
  ::close(fd);
  return Since(start);
}

}  // namespace quire::scale
