// Runs histories of the simulated cluster, each from its own seed, until the seeds or the seconds
// are used up. A violation prints its seed, the plan, the last steps and the command that repeats
// it.

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/simulation/history.h"

namespace {

using quire::simulation::BookieKind;
using quire::simulation::HistoryPlan;
using quire::simulation::HistoryResult;
using quire::simulation::RunHistory;

struct Options {
  std::uint64_t from = 1;
  std::uint64_t seeds = 1000;
  double seconds = 0;  // 0: all seeds
  unsigned jobs = 2;
  bool full = false;
  bool focused = false;
  std::size_t trace = 0;
};

void Report(const Options& options, std::uint64_t seed, const std::string& violation) {
  const BookieKind kind = options.full ? BookieKind::kFull : BookieKind::kSimple;
  const HistoryPlan plan = HistoryPlan::Draw(seed, kind, options.focused);
  const HistoryResult again = RunHistory(plan, options.trace == 0 ? 120 : options.trace);
  std::printf("\nVIOLATION %s\n%s\n%s", violation.c_str(), plan.ToString().c_str(),
              again.trace.c_str());
  if (!again.violation) std::printf("the same seed went well the second time: not deterministic\n");
  std::printf("repeat: simulation_run --from %llu --seeds 1%s%s --trace 1000\n",
              static_cast<unsigned long long>(seed), options.full ? " --full" : "",
              options.focused ? " --focused" : "");
}

int Run(const Options& options) {
  const auto start = std::chrono::steady_clock::now();
  const auto elapsed = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  std::atomic<std::uint64_t> next{options.from};
  std::atomic<std::uint64_t> done{0};
  std::atomic<std::uint64_t> events{0};
  std::atomic<std::uint64_t> violations{0};
  std::mutex print;
  const std::uint64_t end = options.from + options.seeds;
  const auto work = [&] {
    while (options.seconds == 0 || elapsed() < options.seconds) {
      const std::uint64_t seed = next++;
      if (seed >= end || violations >= 5) return;
      const BookieKind kind = options.full ? BookieKind::kFull : BookieKind::kSimple;
      const HistoryPlan plan = HistoryPlan::Draw(seed, kind, options.focused);
      const HistoryResult result = RunHistory(plan, options.trace);
      events += result.events;
      ++done;
      if (options.trace != 0 && options.seeds == 1) {
        std::printf("%s\n%s", plan.ToString().c_str(), result.trace.c_str());
      }
      if (!result.violation) continue;
      ++violations;
      const std::lock_guard lock(print);
      Report(options, seed, *result.violation);
    }
  };
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < options.jobs; ++i) threads.emplace_back(work);
  std::jthread progress([&](const std::stop_token& stop) {
    for (int tenths = 1; !stop.stop_requested(); ++tenths) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      if (tenths % 100 != 0) continue;
      std::fprintf(stderr, "%llu histories, %llu violations, %.0f s\n",
                   static_cast<unsigned long long>(done.load()),
                   static_cast<unsigned long long>(violations.load()), elapsed());
    }
  });
  threads.clear();
  progress.request_stop();
  progress.join();
  std::printf("%llu histories, %llu violations, %.0f histories/s, %.0f events each\n",
              static_cast<unsigned long long>(done.load()),
              static_cast<unsigned long long>(violations.load()),
              static_cast<double>(done) / elapsed(),
              static_cast<double>(events) / static_cast<double>(std::max<std::uint64_t>(done, 1)));
  return violations == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Runs seeded histories of a whole Quire cluster in one thread each."};
  app.add_option("--from", options.from, "the first seed");
  app.add_option("--seeds", options.seeds, "how many seeds");
  app.add_option("--seconds", options.seconds, "stop after so long; 0: when the seeds are used up");
  app.add_option("--jobs", options.jobs, "threads");
  app.add_flag("--full", options.full, "bookies with the real journal, store and replay");
  app.add_flag("--focused", options.focused, "short ledgers, early recovery, lost fences");
  app.add_option("--trace", options.trace, "keep so many lines of what happened");
  CLI11_PARSE(app, argc, argv);
  return Run(options);
}
