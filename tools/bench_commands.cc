#include "tools/bench_commands.h"

#include <CLI/CLI.hpp>
#include <cmath>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "protocol/limits.h"
#include "tools/bench_cluster.h"
#include "tools/bench_failover.h"
#include "tools/bench_floor_command.h"
#include "tools/bench_modes.h"
#include "tools/bench_report.h"
#include "tools/console.h"
#include "tools/floor_path.h"
#include "tools/replication_flags.h"
#include "tools/standard_output.h"

namespace quire::tools {

using common::Result;

namespace {

using Measure =
    std::function<Result<BenchResult>(BenchCluster&, const BenchOptions&, StopSignals&)>;

struct Options {
  std::string mode;
  BenchOptions bench;
  int local = 0;            // bookies of a cluster of its own; 0: the cluster of --metadata
  std::string directory;    // of the cluster of its own
  std::string plot;         // file; empty: none
  bool with_floor = false;  // of appends
};

// What the path with nothing in it does with the same entries, window and disk, in a second.
Result<double> FloorPerSecond(const Options& options) {
  const TemporaryDirectory scratch(options.directory);
  auto floor = MeasurePath({.directory = scratch.path(),
                            .replicas = options.bench.replication.write_quorum,
                            .acks = options.bench.replication.ack_quorum,
                            .entry_bytes = options.bench.entry_bytes,
                            .window = options.bench.window,
                            .seconds = options.bench.seconds});
  if (!floor) return common::Fail(std::move(floor).error());
  return floor->appends_per_second;
}

// Of an own cluster. The disk must hold no more than what was written in about three times of a
// rolled ledger; whatever was deleted may go, for nobody is there to consent. All other benchmarks
// measure bookies as they come.
std::vector<std::string> BookieFlags(const BenchOptions& bench) {
  if (bench.roll_seconds <= 0) return {};
  return {"--gc-interval-seconds", std::to_string(std::lround(std::ceil(bench.roll_seconds))),
          "--quarantine-hours",    "0",
          "--max-drop-percent",    "100"};
}

int Run(const Session& session, const Options& options, const Measure& measure) {
  const std::string what = "bench " + options.mode;
  WarnOfOneCopy(options.bench.replication);
  StopSignals signals;
  if (options.local == 0) {
    if (auto named = session.MetadataUri(); !named) {
      return Failed(what + " (or give --local N)", named.error());
    }
  }
  auto cluster = BenchCluster::Open(session.metadata,
                                    {.bookies = options.local,
                                     .bookie_flags = BookieFlags(options.bench),
                                     .parent = options.directory},
                                    signals);
  if (!cluster) return Failed(what, cluster.error());
  auto result = measure(**cluster, options.bench, signals);
  if (!result) return Failed(what, result.error());
  if (options.with_floor) {
    cluster->reset();  // the machine is the floor's
    const auto floor = FloorPerSecond(options);
    if (!floor) return Failed(what + ": floor", floor.error());
    result->floor_per_second = *floor;
  }
  if (!options.plot.empty()) {
    std::ofstream file(options.plot);
    file << PlotReport(options.mode, options.bench, *result);
    file.close();
    if (!file) return Failed(kExitFailed, what + ": cannot write " + options.plot);
  }
  return Print(session.json() ? JsonReport(options.mode, options.bench, *result).dump(2) + "\n"
                              : TextReport(options.mode, options.bench, *result));
}

const CLI::Range kMany(std::int64_t{1}, std::int64_t{100'000'000});

void AddEntryFlags(CLI::App& app, BenchOptions& bench) {
  AddReplicationFlags(app, bench.replication);
  app.add_option("--entry-size", bench.entry_bytes, "Bytes of each entry")
      ->check(CLI::Range(std::int64_t{0}, static_cast<std::int64_t>(protocol::kMaxPayloadBytes)))
      ->capture_default_str();
}

void AddTimeFlags(CLI::App& app, BenchOptions& bench) {
  app.add_option("--seconds", bench.seconds, "How long to measure")
      ->check(CLI::Range(0.1, 86400.0))
      ->capture_default_str();
  app.add_option("--warmup", bench.warmup_seconds, "Seconds before that which do not count")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
}

void AddAppendFlags(CLI::App& app, BenchOptions& bench) {
  app.add_option("--window", bench.window, "Appends in flight, over all ledgers")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000}))
      ->capture_default_str();
  app.add_option("--rate", bench.rate,
                 "Appends a second, begun when they are due and measured from then, whatever "
                 "became of those before; 0: as fast as the window allows")
      ->check(CLI::Range(0.0, 1e8))
      ->capture_default_str();
}

void AddLedgerFlags(CLI::App& app, BenchOptions& bench) {
  app.add_option("--ledgers", bench.ledgers, "Ledgers that are used at once")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000}))
      ->capture_default_str();
}

void AddRollFlag(CLI::App& app, BenchOptions& bench) {
  app.add_option("--roll-seconds", bench.roll_seconds,
                 "A log that is trimmed: so often each ledger that is appended to is closed and "
                 "deleted, and another goes on in its place; 0: never. Bookies of --local give the "
                 "space back as often")
      ->check(CLI::Range(0.0, 86400.0))
      ->capture_default_str();
}

void AddWriterFlag(CLI::App& app, BenchOptions& bench) {
  app.add_option("--writers", bench.writers, "Clients, each with a thread of its own")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
}

void AddReadFlags(CLI::App& app, BenchOptions& bench) {
  const std::map<std::string, ReadPattern> patterns{{"sequential", ReadPattern::kSequential},
                                                    {"random", ReadPattern::kRandom},
                                                    {"tail", ReadPattern::kTail},
                                                    {"catch-up", ReadPattern::kCatchUp}};
  app.add_option("--pattern", bench.pattern,
                 "sequential, random: of closed ledgers. tail: new entries as they come, measured "
                 "from their append. catch-up: from the first on, while more are written")
      ->transform(CLI::CheckedTransformer(patterns));
  app.add_option("--readers", bench.readers, "Clients that read, each with a thread of its own")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option("--batch", bench.batch, "Entries asked for at once; random ones come singly")
      ->check(kMany)
      ->capture_default_str();
  app.add_option("--entries", bench.entries, "Entries written beforehand, over all ledgers")
      ->check(kMany)
      ->capture_default_str();
}

class Modes {
 public:
  Modes(CLI::App& bench, Session& session) : bench_(bench), session_(session) {}

  // The options of a new mode, to add flags to.
  std::shared_ptr<Options> Add(const std::string& name, const std::string& help, Measure measure) {
    app_ = bench_.add_subcommand(name, help);
    auto options = std::make_shared<Options>();
    options->mode = name;
    AddEntryFlags(*app_, options->bench);
    app_->add_option("--local", options->local,
                     "Measure a new cluster of N bookies on this machine, removed at the end")
        ->check(CLI::Range(1, 64));
    app_->add_option("--dir", options->directory,
                     "Directory to make that cluster in, on the disk to measure; without it TMPDIR")
        ->check(CLI::ExistingDirectory);
    app_->callback([&session = session_, options, measure = std::move(measure)] {
      session.command = [&session, options, measure] { return Run(session, *options, measure); };
    });
    return options;
  }
  // Of whatever appends for a time.
  void AddLoadFlags(Options& options) {
    AddAppendFlags(*app_, options.bench);
    AddLedgerFlags(*app_, options.bench);
    AddWriterFlag(*app_, options.bench);
    AddTimeFlags(*app_, options.bench);
    AddPlotFlag(options);
  }
  void AddPlotFlag(Options& options) {
    app_->add_option("--plot", options.plot,
                     "SVG file for throughput and latency percentiles over time");
  }
  CLI::App& app() { return *app_; }

 private:
  CLI::App& bench_;
  Session& session_;
  CLI::App* app_ = nullptr;
};

void AddWriterThatDies(CLI::App& bench, Session& session) {
  CLI::App* app = bench.add_subcommand("failover-writer", "The writer that failover kills");
  app->group("");  // not for people
  auto options = std::make_shared<BenchOptions>();
  AddEntryFlags(*app, *options);
  app->add_option("--unconfirmed", options->unconfirmed)->check(kMany);
  app->callback([&session, options] {
    session.command = [&session, options] {
      return Failed("bench failover-writer", WriteAndDie(session.metadata, *options).error());
    };
  });
}

}  // namespace

void AddBenchCommands(CLI::App& app, Session& session) {
  CLI::App* bench = app.add_subcommand("bench", "Measure a cluster, or the machine below it");
  bench->require_subcommand(1)->fallthrough();
  Modes modes(*bench, session);

  auto options = modes.Add("append",
                           "Append and show throughput and latency.\n"
                           "Example: quire bench append --local 3 --window 1000 --seconds 20",
                           MeasureAppends);
  modes.AddLoadFlags(*options);
  AddRollFlag(modes.app(), options->bench);
  modes.app().add_flag("--with-floor", options->with_floor,
                       "Also measure the path with nothing in it (see floor) in --dir, and show "
                       "which share of it was reached");

  options = modes.Add("read",
                      "Read and show throughput and latency.\n"
                      "Example: quire bench read --local 3 --pattern tail --rate 5000",
                      MeasureReads);
  AddReadFlags(modes.app(), options->bench);
  modes.AddLoadFlags(*options);

  options = modes.Add("mixed",
                      "Append, and read other, closed ledgers at the same time.\n"
                      "Example: quire bench mixed --local 3 --pattern random --readers 4",
                      MeasureMixed);
  AddReadFlags(modes.app(), options->bench);
  modes.AddLoadFlags(*options);
  AddRollFlag(modes.app(), options->bench);

  options = modes.Add("failover",
                      "Kill a writer, and show how long another takes to seal its ledger and "
                      "append to the next.\n"
                      "Example: quire bench failover --local 3 --unconfirmed 10",
                      MeasureFailovers);
  modes.app()
      .add_option("--unconfirmed", options->bench.unconfirmed,
                  "Acknowledged entries of which no bookie knows that they are confirmed")
      ->check(kMany)
      ->capture_default_str();
  modes.app()
      .add_option("--rounds", options->bench.rounds, "Writers that are killed")
      ->check(kMany)
      ->capture_default_str();

  options = modes.Add("churn",
                      "Create ledgers, write a little, close and delete them.\n"
                      "Example: quire bench churn --local 3 --writers 4 --batch 10",
                      MeasureChurn);
  options->bench.batch = 10;
  modes.app()
      .add_option("--batch", options->bench.batch, "Entries of each ledger")
      ->check(kMany)
      ->capture_default_str();
  AddWriterFlag(modes.app(), options->bench);
  AddTimeFlags(modes.app(), options->bench);
  modes.AddPlotFlag(*options);

  AddWriterThatDies(*bench, session);
  AddFloorCommand(*bench, session);
}

}  // namespace quire::tools
