#include "tools/bench_run.h"

#include <algorithm>
#include <chrono>

#include "tools/console.h"

namespace quire::tools {

using common::Errc;
using common::Error;
using common::Fail;
using common::Result;

namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

class Runner {
 public:
  Runner(const std::vector<Track>& tracks, StopSignals& signals)
      : tracks_(tracks), signals_(signals), results_(tracks.size()) {
    for (std::size_t i = 0; i < tracks.size(); ++i) results_[i].name = tracks[i].name;
  }

  // A line and an interval for each second.
  void Watch(double seconds, const char* phase) {
    const auto begin = Clock::now();
    auto then = begin;
    while (!failed() && !signals_.Requested()) {
      const double left = seconds - Seconds(Clock::now() - begin).count();
      if (left <= 0) break;
      WaitUntil(then + std::chrono::duration_cast<Clock::duration>(Seconds(IntervalLength(left))));
      const auto now = Clock::now();
      TakeInterval(Seconds(now - begin).count(), Seconds(now - then).count(), phase);
      then = now;
    }
  }

  bool failed() const {
    return std::ranges::any_of(tracks_, [](const Track& track) { return track.load->failed(); });
  }
  void Forget() {
    for (TrackResult& result : results_) {
      result.intervals.clear();
      result.total = {};
    }
  }
  std::vector<TrackResult> Take() { return std::move(results_); }

 private:
  void WaitUntil(Clock::time_point end) {
    while (!failed()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
      if (left.count() <= 0 || signals_.Wait(std::min(left, std::chrono::milliseconds(100))))
        return;
    }
  }

  void TakeInterval(double end, double seconds, const char* phase) {
    std::string line = std::string(phase) + ":";
    for (std::size_t i = 0; i < tracks_.size(); ++i) {
      const Tally tally = tracks_[i].load->meter().Take();
      TrackResult& result = results_[i];
      result.total.Merge(tally);
      const Histogram& latency = tally.nanoseconds;
      result.intervals.push_back({.end = end,
                                  .seconds = seconds,
                                  .entries = tally.entries,
                                  .p50 = latency.Quantile(0.5),
                                  .p99 = latency.Quantile(0.99),
                                  .p999 = latency.Quantile(0.999)});
      char text[96];
      std::snprintf(
          text, sizeof(text), "%s %s %s/s, p99 %.2f ms", i == 0 ? "" : ";",
          HumanCount(static_cast<std::int64_t>(static_cast<double>(tally.entries) / seconds))
              .c_str(),
          result.name.c_str(), static_cast<double>(latency.Quantile(0.99)) / 1e6);
      line += text;
    }
    Say(line);
  }

  const std::vector<Track>& tracks_;
  StopSignals& signals_;
  std::vector<TrackResult> results_;
};

}  // namespace

double IntervalLength(double seconds_left) {
  constexpr double kLeast = 0.5;
  return seconds_left < 1 + kLeast ? seconds_left : 1;
}

Result<BenchResult> RunLoads(const std::vector<Track>& tracks, const BenchOptions& options,
                             const std::vector<NamedProcess>& processes, StopSignals& signals) {
  Runner runner(tracks, signals);
  ProcessWatch watch(processes);
  for (const Track& track : tracks) track.load->Begin();
  runner.Watch(options.warmup_seconds, "warm-up");
  runner.Forget();
  for (const Track& track : tracks) (void)track.load->meter().Take();
  watch.Begin();
  const auto begin = Clock::now();
  runner.Watch(options.seconds, "bench");
  BenchResult result;
  result.seconds = Seconds(Clock::now() - begin).count();
  result.processes = watch.Shares();
  std::optional<Error> error;
  for (const Track& track : tracks) {
    auto ended = track.load->End();
    if (ended && !error) error = std::move(ended);
  }
  if (error) return Fail(*std::move(error));
  if (signals.Requested()) return Fail(Errc::kShutdown, "interrupted");
  result.tracks = runner.Take();
  return result;
}

}  // namespace quire::tools
