#include "tools/bench_failover.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <future>

#include "client/client.h"
#include "tools/bench_ledgers.h"
#include "tools/child_process.h"
#include "tools/console.h"
#include "tools/standard_output.h"

namespace quire::tools {

using client::AppendResult;
using client::Client;
using client::LedgerWriter;
using common::Errc;
using common::Fail;
using common::FailErrno;
using common::Result;
using protocol::EntryId;
using protocol::LedgerId;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kBefore = 10;  // entries whose confirmation the bookies know
constexpr auto kWriterBound = std::chrono::seconds(60);

// Called on the client's thread, where appends queue until the callback returns: all of the burst
// are made before any of them is acknowledged, and so say the same LAC.
void Burst(LedgerWriter& writer, const std::string& payload, std::int64_t count,
           std::promise<common::Error>& failed) {
  for (std::int64_t i = 1; i <= count; ++i) {
    writer.AppendAsync(payload, [&failed, last = i == count](const AppendResult& result) {
      if (last && result.ok()) ::kill(::getpid(), SIGKILL);
      if (last) failed.set_value(result.error());
    });
  }
}

// Everything the child says until its end.
Result<std::string> Output(const std::vector<std::string>& command) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return FailErrno(errno, "pipe for", command[0]);
  auto child = ChildProcess::Start(command, {.in = -1, .out = ends[1], .err = STDERR_FILENO});
  ::close(ends[1]);
  std::string text;
  char buffer[256];
  for (ssize_t got = 1; child && got > 0;) {
    got = ::read(ends[0], buffer, sizeof(buffer));
    if (got > 0) text.append(buffer, static_cast<std::size_t>(got));
  }
  ::close(ends[0]);
  if (!child) return Fail(std::move(child).error());
  const auto status = child->Wait(kWriterBound);
  if (!status) return Fail(Errc::kTimeout, "the writer that should die does not");
  if (!WIFSIGNALED(*status) || WTERMSIG(*status) != SIGKILL) {
    return Fail(Errc::kIo,
                "the writer that should be killed ended with " + DescribeStatus(*status));
  }
  return text;
}

class Failover {
 public:
  Failover(Client& client, const std::string& uri, const BenchOptions& options)
      : client_(client),
        options_(options),
        payload_(Noise(static_cast<std::size_t>(options.entry_bytes))),
        writer_{"/proc/self/exe",
                "--metadata",
                uri,
                "bench",
                "failover-writer",
                "--unconfirmed",
                std::to_string(options.unconfirmed),
                "--entry-size",
                std::to_string(options.entry_bytes),
                "-E",
                std::to_string(options.replication.ensemble),
                "-W",
                std::to_string(options.replication.write_quorum),
                "-A",
                std::to_string(options.replication.ack_quorum)} {}

  Result<void> Round() {
    auto said = Output(writer_);
    if (!said) return Fail(std::move(said).error());
    const LedgerId dead(std::strtoll(said->c_str(), nullptr, 10));
    const auto begin = Clock::now();
    const auto sealed = client_.SealLedger(dead);
    if (!sealed) return Fail(sealed.error());
    const auto sealed_at = Clock::now();
    if (sealed->ledger.last_entry < EntryId(kBefore + options_.unconfirmed - 1)) {
      return Fail(Errc::kDataLoss, "ledger " + std::to_string(dead.value()) +
                                       " was sealed at entry " +
                                       std::to_string(sealed->ledger.last_entry.value()) +
                                       ", below acknowledged ones");
    }
    recovered_ += sealed->recovered;
    auto writer = client_.CreateLedger({.replication = options_.replication, .custom = {}});
    if (!writer) return Fail(std::move(writer).error());
    const auto created_at = Clock::now();
    const auto result = (*writer)->Append(payload_);
    if (!result.ok()) return Fail(result.error());
    const auto end = Clock::now();
    Note(total_, end - begin);
    Note(seal_, sealed_at - begin);
    Note(create_, created_at - sealed_at);
    Note(append_, end - created_at);
    QUIRE_TRY((*writer)->Close());
    QUIRE_TRY(client_.DeleteLedger(dead));
    return client_.DeleteLedger((*writer)->id());
  }

  std::vector<TrackResult> Tracks() const {
    return {{.name = "failovers", .total = total_, .intervals = {}},
            {.name = "seals", .total = seal_, .intervals = {}},
            {.name = "creates", .total = create_, .intervals = {}},
            {.name = "first appends", .total = append_, .intervals = {}}};
  }
  std::int64_t recovered() const { return recovered_; }

 private:
  static void Note(Tally& tally, std::chrono::nanoseconds took) {
    tally.nanoseconds.Record(static_cast<std::uint64_t>(took.count()));
    ++tally.entries;
  }

  Client& client_;
  const BenchOptions& options_;
  const std::string payload_;
  const std::vector<std::string> writer_;
  Tally total_;
  Tally seal_;
  Tally create_;
  Tally append_;
  std::int64_t recovered_ = 0;
};

}  // namespace

Result<BenchResult> BenchFailover(const std::string& metadata_uri, const BenchOptions& options,
                                  const std::vector<NamedProcess>& processes,
                                  StopSignals& signals) {
  auto client = Client::Connect(metadata_uri);
  if (!client) return Fail(std::move(client).error());
  Failover failover(**client, metadata_uri, options);
  ProcessWatch watch(processes);
  const auto begin = Clock::now();
  for (std::int64_t round = 1; round <= options.rounds; ++round) {
    if (signals.Requested()) return Fail(Errc::kShutdown, "interrupted");
    QUIRE_TRY(failover.Round());
    Say("round " + std::to_string(round) + " of " + std::to_string(options.rounds) + ": " +
        std::to_string(failover.recovered() / round) + " entries recovered on average");
  }
  return BenchResult{.seconds = std::chrono::duration<double>(Clock::now() - begin).count(),
                     .tracks = failover.Tracks(),
                     .processes = watch.Shares(),
                     .floor_per_second = {}};
}

Result<void> WriteAndDie(const std::string& metadata_uri, const BenchOptions& options) {
  auto client = Client::Connect(metadata_uri);
  if (!client) return Fail(std::move(client).error());
  auto created = (*client)->CreateLedger({.replication = options.replication, .custom = {}});
  if (!created) return Fail(std::move(created).error());
  LedgerWriter& writer = **created;
  const std::string payload = Noise(static_cast<std::size_t>(options.entry_bytes));
  if (Print(std::to_string(writer.id().value()) + "\n") != kExitOk)
    return Fail(Errc::kIo, "stdout");
  for (std::int64_t i = 1; i < kBefore; ++i) {
    if (auto result = writer.Append(payload); !result.ok()) return Fail(result.error());
  }
  std::promise<common::Error> failed;
  writer.AppendAsync(payload, [&](const AppendResult& result) {
    if (!result.ok()) return failed.set_value(result.error());
    Burst(writer, payload, options.unconfirmed, failed);
  });
  return Fail(failed.get_future().get());
}

}  // namespace quire::tools
