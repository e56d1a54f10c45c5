#include "tools/bench_modes.h"

#include <optional>

#include "tools/bench_append.h"
#include "tools/bench_churn.h"
#include "tools/bench_failover.h"
#include "tools/bench_ledgers.h"
#include "tools/bench_read.h"
#include "tools/console.h"

namespace quire::tools {

using common::Fail;
using common::Result;

namespace {

// Ledgers that go when nobody measures any more. Those of an own cluster go with it.
class Ledgers {
 public:
  static Result<Ledgers> Create(const BenchCluster& cluster, const BenchOptions& options) {
    auto made = BenchLedgers::Create(cluster.uri(), options);
    if (!made) return Fail(std::move(made).error());
    return Ledgers(*std::move(made), !cluster.own());
  }
  Ledgers(Ledgers&&) = default;
  Ledgers& operator=(Ledgers&&) = delete;
  ~Ledgers() {
    if (!ledgers_ || !remove_) return;
    if (auto closed = ledgers_->Close(); !closed) Warn("bench: " + closed.error().ToString());
    ledgers_->Delete();
  }
  BenchLedgers* operator->() const { return ledgers_.get(); }
  BenchLedgers& operator*() const { return *ledgers_; }

 private:
  Ledgers(std::unique_ptr<BenchLedgers> ledgers, bool remove)
      : ledgers_(std::move(ledgers)), remove_(remove) {}

  std::unique_ptr<BenchLedgers> ledgers_;
  bool remove_;
};

// Closed ledgers of options.entries entries.
Result<Ledgers> Prepare(const BenchCluster& cluster, const BenchOptions& options) {
  Say("writing " + HumanCount(options.entries) + " entries to be read");
  auto ledgers = Ledgers::Create(cluster, options);
  if (!ledgers) return ledgers;
  QUIRE_TRY((*ledgers)->Fill(options, options.entries));
  QUIRE_TRY((*ledgers)->Close());
  return ledgers;
}

}  // namespace

Result<BenchResult> MeasureAppends(BenchCluster& cluster, const BenchOptions& options,
                                   StopSignals& signals) {
  const auto ledgers = Ledgers::Create(cluster, options);
  if (!ledgers) return Fail(ledgers.error());
  const auto load = MakeAppendLoad(**ledgers, options, false);
  return RunLoads({{.name = "appends", .load = load.get()}}, options, cluster.Processes(), signals);
}

Result<BenchResult> MeasureReads(BenchCluster& cluster, const BenchOptions& options,
                                 StopSignals& signals) {
  if (options.pattern == ReadPattern::kTail || options.pattern == ReadPattern::kCatchUp) {
    const auto ledgers = Ledgers::Create(cluster, options);
    if (!ledgers) return Fail(ledgers.error());
    const bool tail = options.pattern == ReadPattern::kTail;
    if (!tail) QUIRE_TRY((*ledgers)->Fill(options, options.entries));
    const auto appends = MakeAppendLoad(**ledgers, options, tail);
    const auto reads = MakeReadLoad(cluster.uri(), (*ledgers)->ids(), options);
    return RunLoads(
        {{.name = "reads", .load = reads.get()}, {.name = "appends", .load = appends.get()}},
        options, cluster.Processes(), signals);
  }
  auto prepared = Prepare(cluster, options);
  if (!prepared) return Fail(std::move(prepared).error());
  std::optional<Ledgers> ledgers(*std::move(prepared));
  const auto ids = (*ledgers)->ids();
  if (cluster.own()) {
    ledgers.reset();  // its clients go before their servers
    QUIRE_TRY(cluster.Restart(signals));
  }
  const auto reads = MakeReadLoad(cluster.uri(), ids, options);
  return RunLoads({{.name = "reads", .load = reads.get()}}, options, cluster.Processes(), signals);
}

Result<BenchResult> MeasureMixed(BenchCluster& cluster, const BenchOptions& options,
                                 StopSignals& signals) {
  const auto old = Prepare(cluster, options);
  if (!old) return Fail(old.error());
  const auto ledgers = Ledgers::Create(cluster, options);
  if (!ledgers) return Fail(ledgers.error());
  const auto appends = MakeAppendLoad(**ledgers, options, false);
  const auto reads = MakeReadLoad(cluster.uri(), (*old)->ids(), options);
  return RunLoads(
      {{.name = "appends", .load = appends.get()}, {.name = "reads", .load = reads.get()}}, options,
      cluster.Processes(), signals);
}

Result<BenchResult> MeasureFailovers(BenchCluster& cluster, const BenchOptions& options,
                                     StopSignals& signals) {
  return BenchFailover(cluster.uri(), options, cluster.Processes(), signals);
}

Result<BenchResult> MeasureChurn(BenchCluster& cluster, const BenchOptions& options,
                                 StopSignals& signals) {
  const auto churn = MakeChurnLoad(cluster.uri(), options);
  return RunLoads({{.name = "ledgers", .load = churn.get()}}, options, cluster.Processes(),
                  signals);
}

}  // namespace quire::tools
