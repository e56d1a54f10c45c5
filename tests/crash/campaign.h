#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "tests/crash/crash_run.h"

namespace quire::crash {

struct CampaignOptions {
  RunOptions run;
  std::uint64_t points = 0;   // tried, spread over the whole run; 0: every one
  std::uint64_t faults = 0;   // spread like the points
  int jobs = 1;               // threads
  std::uint64_t seconds = 0;  // begin no further trial after so many; 0: no limit
  // Only this one, to repeat a report.
  std::int64_t only_life = -1;
  std::int64_t only_point = -1;
  std::int64_t only_fault = -1;
};

struct CampaignOutcome {
  RunFigures run;
  PointCounts tried;
  std::uint64_t faults_tried = 0;
  std::uint64_t startups_cut = 0;
  std::uint64_t entries_read = 0;
  std::uint64_t failed = 0;
  std::uint64_t went_on = 0;
  std::string violation;  // empty: none
  std::string repeat;     // the command that shows it again
};

// A run, and trials of its crash points. With fewer points than the run has, the run is lived
// twice: once to count them, once to try those that were chosen. `progress` is told now and then.
CampaignOutcome RunCampaign(const CampaignOptions& options,
                            const std::function<void(const CampaignOutcome&)>& progress);

}  // namespace quire::crash
