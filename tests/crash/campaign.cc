#include "tests/crash/campaign.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "tests/crash/trial.h"

namespace quire::crash {

namespace {

using Clock = std::chrono::steady_clock;

// Which trials of a life are to be made.
struct Work {
  std::vector<std::uint64_t> points;
  std::vector<std::uint64_t> faults;
};

class Campaign {
 public:
  Campaign(const CampaignOptions& options,
           const std::function<void(const CampaignOutcome&)>& progress)
      : options_(options), progress_(progress) {
    for (int i = 0; i < std::max(1, options.jobs); ++i) {
      trials_.push_back(std::make_unique<Trial>(options.run.seed));
    }
    if (options.seconds > 0) ends_ = Clock::now() + std::chrono::seconds(options.seconds);
  }

  CampaignOutcome Run() {
    const bool one = options_.only_life >= 0;
    if (!one && (options_.points > 0 || options_.faults > 0)) Choose();
    CrashRun run(options_.run);
    while (!run.finished() && outcome_.violation.empty() && Clock::now() < ends_) {
      const auto life = run.Next();
      outcome_.run = run.figures();
      if (!life) break;
      const auto number = static_cast<std::int64_t>(life->number);
      if (one && number != options_.only_life) continue;
      TryLife(*life, WorkOf(*life));
      if (progress_) progress_(outcome_);
      if (one) break;
    }
    if (outcome_.violation.empty() && !run.violation().empty()) {
      Broken("in the run itself, life " + std::to_string(outcome_.run.lives) + ":\n  " +
                 run.violation(),
             "--points 1");
    }
    return outcome_;
  }

 private:
  // The first one counts.
  void Broken(std::string violation, const std::string& trial) {
    if (!outcome_.violation.empty()) return;
    outcome_.violation = std::move(violation);
    outcome_.repeat = "bookie_crash_fuzz --seed " + std::to_string(options_.run.seed) +
                      " --entries " + std::to_string(options_.run.entries) + " --life-changes " +
                      std::to_string(options_.run.life_changes) + " " + trial;
  }

  // Counts the points of all lives and takes some, evenly and yet by chance.
  void Choose() {
    CrashRun run(options_.run);
    std::vector<std::pair<std::uint64_t, std::uint64_t>> all;
    while (!run.finished()) {
      const auto life = run.Next();
      if (!life) return;
      for (std::uint64_t i = 0; i < life->changes.size(); ++i) all.emplace_back(life->number, i);
    }
    common::Random random(options_.run.seed);
    chosen_.resize(run.figures().lives);
    const auto spread = [&](std::uint64_t count, auto take) {
      count = std::min<std::uint64_t>(count, all.size());
      for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t from = all.size() * i / count;
        const std::uint64_t to = all.size() * (i + 1) / count;
        const auto& [life, point] = all[from + common::Below(random, to - from)];
        take(chosen_[life], point);
      }
    };
    spread(options_.points == 0 ? all.size() : options_.points,
           [](Work& work, std::uint64_t point) { work.points.push_back(point); });
    spread(options_.faults, [](Work& work, std::uint64_t point) { work.faults.push_back(point); });
  }

  Work WorkOf(const Life& life) const {
    Work work;
    if (options_.only_point >= 0) {
      work.points = {static_cast<std::uint64_t>(options_.only_point)};
    } else if (options_.only_fault >= 0) {
      work.faults = {static_cast<std::uint64_t>(options_.only_fault)};
    } else if (life.number < chosen_.size()) {
      work = chosen_[life.number];
    } else {
      for (std::uint64_t i = 0; i < life.changes.size(); ++i) work.points.push_back(i);
    }
    return work;
  }

  void TryLife(const Life& life, const Work& work) {
    std::atomic<std::size_t> next = 0;
    std::vector<std::jthread> threads;
    const auto take = [&](Trial& trial) {
      while (Clock::now() < ends_) {
        const std::size_t mine = next++;
        if (mine >= work.points.size() + work.faults.size()) return;
        const bool is_point = mine < work.points.size();
        const bool kept = is_point ? trial.TryPoint(life, work.points[mine])
                                   : trial.TryFault(life, work.faults[mine - work.points.size()]);
        const std::lock_guard lock(mutex_);
        if (is_point) outcome_.tried.Count(life.changes[work.points[mine]]);
        if (!is_point) ++outcome_.faults_tried;
        if (!kept) Broken(trial.report(), trial.what());
        if (!outcome_.violation.empty()) return;
      }
    };
    for (std::size_t i = 1; i < trials_.size(); ++i) {
      threads.emplace_back([&, i] { take(*trials_[i]); });
    }
    take(*trials_.front());
    threads.clear();  // joins
    outcome_.startups_cut = outcome_.entries_read = outcome_.failed = outcome_.went_on = 0;
    for (const auto& trial : trials_) {
      outcome_.startups_cut += trial->startups_cut();
      outcome_.entries_read += trial->entries_read();
      outcome_.failed += trial->failed();
      outcome_.went_on += trial->went_on();
    }
  }

  const CampaignOptions& options_;
  const std::function<void(const CampaignOutcome&)>& progress_;
  Clock::time_point ends_ = Clock::time_point::max();
  std::vector<std::unique_ptr<Trial>> trials_;
  std::vector<Work> chosen_;  // by life; empty: all points
  std::mutex mutex_;
  CampaignOutcome outcome_;  // guarded while threads run
};

}  // namespace

CampaignOutcome RunCampaign(const CampaignOptions& options,
                            const std::function<void(const CampaignOutcome&)>& progress) {
  return Campaign(options, progress).Run();
}

}  // namespace quire::crash
