#include "tools/bench_commands.h"

#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "protocol/limits.h"
#include "tools/bench_append.h"
#include "tools/console.h"
#include "tools/dev_cluster.h"
#include "tools/replication_flags.h"
#include "tools/standard_output.h"

namespace quire::tools {
namespace {

struct Options {
  BenchAppendOptions append;
  int local = 0;  // bookies of a cluster of its own; 0: the cluster of --metadata
};

// A directory that goes with this object.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "quire-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }  // empty: it could not be made

 private:
  std::string path_;
};

constexpr std::pair<const char*, double> kQuantiles[] = {
    {"p50", 0.5}, {"p95", 0.95}, {"p99", 0.99}, {"p99.9", 0.999}};

std::string Report(const BenchAppendOptions& options, const BenchAppendResult& result, bool json) {
  const auto& r = options.replication;
  const double rate = static_cast<double>(result.entries) / result.seconds;
  const Histogram& latency = result.nanoseconds;
  if (json) {
    nlohmann::json micros{{"mean", latency.Mean() / 1e3},
                          {"max", static_cast<double>(latency.max()) / 1e3}};
    for (const auto& [name, fraction] : kQuantiles) {
      micros[name] = static_cast<double>(latency.Quantile(fraction)) / 1e3;
    }
    return nlohmann::json{{"entry_size", options.entry_bytes},
                          {"window", options.window},
                          {"ledgers", options.ledgers},
                          {"ensemble_size", r.ensemble},
                          {"write_quorum", r.write_quorum},
                          {"ack_quorum", r.ack_quorum},
                          {"seconds", result.seconds},
                          {"entries", result.entries},
                          {"appends_per_second", rate},
                          {"bytes_per_second", rate * static_cast<double>(options.entry_bytes)},
                          {"latency_us", micros}}
               .dump(2) +
           "\n";
  }
  char line[256];
  std::snprintf(
      line, sizeof(line), "entries of %lld bytes, E=%d Qw=%d Qa=%d, window %lld, ledgers %lld\n",
      static_cast<long long>(options.entry_bytes), r.ensemble, r.write_quorum, r.ack_quorum,
      static_cast<long long>(options.window), static_cast<long long>(options.ledgers));
  std::string text = line;
  std::snprintf(line, sizeof(line), "%s entries in %.1f s: %s appends/s, %s/s\nlatency",
                HumanCount(result.entries).c_str(), result.seconds,
                HumanCount(static_cast<std::int64_t>(rate)).c_str(),
                HumanBytes(rate * static_cast<double>(options.entry_bytes)).c_str());
  text += line;
  for (const auto& [name, fraction] : kQuantiles) {
    std::snprintf(line, sizeof(line), "  %s %.2f ms", name,
                  static_cast<double>(latency.Quantile(fraction)) / 1e6);
    text += line;
  }
  std::snprintf(line, sizeof(line), "  max %.2f ms\n", static_cast<double>(latency.max()) / 1e6);
  return text + line;
}

int Run(const Session& session, const Options& options) {
  WarnOfOneCopy(options.append.replication);
  StopSignals signals;
  TemporaryDirectory directory;
  std::unique_ptr<DevCluster> cluster;
  std::string uri = session.metadata;
  if (options.local > 0) {
    if (directory.path().empty()) {
      return Failed(kExitFailed, "bench append: cannot make a temporary directory; set TMPDIR");
    }
    Say("starting ZooKeeper and " + std::to_string(options.local) + " bookies in " +
        directory.path());
    auto started =
        DevCluster::Start({.directory = directory.path(), .bookies = options.local}, signals);
    if (!started) return Failed("bench append", started.error());
    cluster = *std::move(started);
    uri = cluster->uri();
  } else if (auto named = session.MetadataUri(); !named) {
    return Failed("bench append (or give --local N)", named.error());
  }
  auto result = BenchAppend(uri, options.append, signals);
  if (!result) return Failed("bench append", result.error());
  return Print(Report(options.append, *result, session.json()));
}

}  // namespace

void AddBenchCommands(CLI::App& app, Session& session) {
  CLI::App* bench = app.add_subcommand("bench", "Measure a cluster");
  bench->require_subcommand(1)->fallthrough();
  CLI::App* append =
      bench->add_subcommand("append",
                            "Append in a closed loop and show throughput and latency.\n"
                            "Example: quire bench append --local 3 --window 1000 --seconds 20");
  auto options = std::make_shared<Options>();
  BenchAppendOptions& what = options->append;
  constexpr std::int64_t kMany = 1'000'000;
  AddReplicationFlags(*append, what.replication);
  append->add_option("--entry-size", what.entry_bytes, "Bytes of each entry")
      ->check(CLI::Range(std::int64_t{0}, static_cast<std::int64_t>(protocol::kMaxPayloadBytes)))
      ->capture_default_str();
  append->add_option("--window", what.window, "Appends in flight, over all ledgers")
      ->check(CLI::Range(std::int64_t{1}, kMany))
      ->capture_default_str();
  append->add_option("--ledgers", what.ledgers, "Ledgers that are written at once")
      ->check(CLI::Range(std::int64_t{1}, kMany))
      ->capture_default_str();
  append->add_option("--seconds", what.seconds, "How long to measure")
      ->check(CLI::Range(0.1, 86400.0))
      ->capture_default_str();
  append->add_option("--warmup", what.warmup_seconds, "Seconds before that which do not count")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  append
      ->add_option("--local", options->local,
                   "Measure a new cluster of N bookies on this machine, removed at the end")
      ->check(CLI::Range(1, 64));
  append->callback([&session, options] {
    session.command = [&session, options] { return Run(session, *options); };
  });
}

}  // namespace quire::tools
