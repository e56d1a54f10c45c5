// Runs histories of the simulated cluster, each from its own seed, until the seeds or the seconds
// are used up. A violation prints its seed, the plan, the last steps and the command that repeats
// it.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/simulation/history.h"

namespace {

using quire::simulation::HistoryPlan;
using quire::simulation::HistoryResult;
using quire::simulation::ParseProfile;
using quire::simulation::Profile;
using quire::simulation::ProfileName;
using quire::simulation::RunHistory;

constexpr std::uint64_t kMaxViolations = 5;
constexpr std::size_t kReportedLines = 120;

struct Options {
  std::uint64_t from = 0;  // 0: fresh
  std::uint64_t seeds = 1000;
  double seconds = 0;  // 0: all seeds
  unsigned jobs = 2;
  std::string profile = "mixed";
  std::size_t trace = 0;
};

// Mixed: full histories take about as long as all the others together.
Profile ProfileOf(const Options& options, std::uint64_t seed) {
  if (const auto profile = ParseProfile(options.profile)) return *profile;
  if (seed % 32 == 0) return seed % 64 == 0 ? Profile::kFull : Profile::kFullFocused;
  return seed % 2 == 0 ? Profile::kUniform : Profile::kFocused;
}

class Runner {
 public:
  explicit Runner(const Options& options)
      : options_(options),
        start_(std::chrono::steady_clock::now()),
        next_(options.from != 0 ? options.from : std::random_device()()) {
    end_ = next_ + options.seeds;
  }

  int Run() {
    std::printf("profile %s, from seed %" PRIu64 "\n", options_.profile.c_str(), next_.load());
    std::fflush(stdout);
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < options_.jobs; ++i) threads.emplace_back([this] { Work(); });
    std::jthread progress([this](const std::stop_token& stop) { ShowProgress(stop); });
    threads.clear();
    progress.request_stop();
    progress.join();
    std::printf(
        "%" PRIu64 " histories, %" PRIu64
        " violations, %.0f s, %.0f histories/s, %.0f "
        "events each\n",
        done_.load(), violations_.load(), Elapsed(), static_cast<double>(done_) / Elapsed(),
        static_cast<double>(events_) / static_cast<double>(std::max<std::uint64_t>(done_, 1)));
    return violations_ == 0 ? 0 : 1;
  }

 private:
  double Elapsed() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

  void Work() {
    while (options_.seconds == 0 || Elapsed() < options_.seconds) {
      const std::uint64_t seed = next_++;
      if (seed >= end_ || violations_ >= kMaxViolations) return;
      const HistoryPlan plan = HistoryPlan::Draw(seed, ProfileOf(options_, seed));
      const HistoryResult result = RunHistory(plan, options_.trace);
      events_ += result.events;
      ++done_;
      if (options_.trace != 0 && options_.seeds == 1) {
        std::printf("%s\n%s", plan.ToString().c_str(), result.trace.c_str());
      }
      if (result.violation) Report(plan, *result.violation);
    }
  }

  void Report(const HistoryPlan& plan, const std::string& violation) {
    ++violations_;
    const std::lock_guard lock(print_);
    const HistoryResult again = RunHistory(plan, std::max(options_.trace, kReportedLines));
    std::printf("\nVIOLATION %s\n%s\n%s", violation.c_str(), plan.ToString().c_str(),
                again.trace.c_str());
    if (again.violation != violation) std::printf("the second time it went another way\n");
    std::printf("repeat: simulation_run --profile %s --from %" PRIu64 " --seeds 1 --trace 1000\n",
                std::string(ProfileName(plan.profile)).c_str(), plan.seed);
    std::fflush(stdout);
  }

  void ShowProgress(const std::stop_token& stop) {
    for (int tenths = 1; !stop.stop_requested(); ++tenths) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      if (tenths % 100 != 0) continue;
      std::fprintf(stderr, "%" PRIu64 " histories, %" PRIu64 " violations, %.0f s\n", done_.load(),
                   violations_.load(), Elapsed());
    }
  }

  const Options options_;
  const std::chrono::steady_clock::time_point start_;
  std::atomic<std::uint64_t> next_;
  std::uint64_t end_;
  std::atomic<std::uint64_t> done_{0};
  std::atomic<std::uint64_t> events_{0};
  std::atomic<std::uint64_t> violations_{0};
  std::mutex print_;
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Runs seeded histories of a whole Quire cluster, each in one thread."};
  app.add_option("--from", options.from, "the first seed; 0: fresh ones");
  app.add_option("--seeds", options.seeds, "how many seeds");
  app.add_option("--seconds", options.seconds, "stop after so long; 0: when the seeds are used up");
  app.add_option("--jobs", options.jobs, "threads")->check(CLI::Range(1, 256));
  app.add_option("--profile", options.profile, "which kind of histories")
      ->check(CLI::IsMember({"uniform", "focused", "full", "full-focused", "mixed"}));
  app.add_option("--trace", options.trace, "keep so many lines of what happened");
  CLI11_PARSE(app, argc, argv);
  return Runner(options).Run();
}
