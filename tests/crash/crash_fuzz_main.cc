#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <string>

#include "tests/crash/campaign.h"
#include "tests/crash/trial.h"

namespace quire::crash {
namespace {

// An invariant of the product ended the process: say where, then let it go.
void OnAbort(int) {
  std::fprintf(stderr, "in the trial: bookie_crash_fuzz %s\n", Trial::Current().c_str());
}

std::string Summary(const CampaignOutcome& outcome) {
  const auto number = [](std::uint64_t value) { return std::to_string(value); };
  const RunFigures& run = outcome.run;
  const auto counts = [&](const PointCounts& points) {
    return number(points.all) + " (" + number(points.index) + " in files of the index, " +
           number(points.copying) + " in compactions, " + number(points.beside_compaction) +
           " in flushes and commits beside them, " + number(points.removals) +
           " in removals of segments)";
  };
  return counts(outcome.tried) + " of " + counts(run.points) + " crash points tried, " +
         number(outcome.startups_cut) + " start-ups cut short, " + number(outcome.faults_tried) +
         " faults (" + number(outcome.failed) + " ended the bookie, " + number(outcome.went_on) +
         " did not); " + number(run.lives) + " lives, " + number(run.accepted) +
         " adds acknowledged, " + number(run.segments_made) + " flushes with a segment, " +
         number(run.compactions) + " compactions that gave back " + number(run.compacted_bytes) +
         " bytes, " + number(run.manifest_writes) + " writes of the index manifest, " +
         number(run.journal_files) + " journal files rolled, " + number(run.fences) + " fences, " +
         number(run.deletes) + " deletes; " + number(outcome.entries_read) + " entries read back";
}

int Main(int argc, char** argv) {
  CLI::App app(
      "Runs a bookie on disks in memory and stops it at each change of these disks in turn: what "
      "was not synced is lost, the last write is torn. After each restart everything that was "
      "acknowledged has to be there. Deterministic: a report names the command that repeats it.");
  CampaignOptions options;
  bool all = false;
  options.points = 500;
  app.add_option("--seed", options.run.seed, "of the workload and of what a crash loses")
      ->capture_default_str();
  app.add_option("--entries", options.run.entries, "of the workload")->capture_default_str();
  app.add_option("--life-changes", options.run.life_changes,
                 "changes of the disks between two restarts of the run")
      ->capture_default_str();
  app.add_flag("--all", all, "every crash point of the run");
  app.add_option("--points", options.points, "crash points to try, spread over the run")
      ->capture_default_str()
      ->excludes("--all");
  app.add_option("--faults", options.faults, "failing writes and syncs and full disks to try")
      ->capture_default_str();
  app.add_option("--jobs", options.jobs, "threads")->capture_default_str();
  app.add_option("--seconds", options.seconds, "begin no trial after so long; 0: no limit")
      ->capture_default_str();
  app.add_option("--life", options.only_life, "with --point or --fault: only this one");
  app.add_option("--point", options.only_point, "a crash point of --life")->needs("--life");
  app.add_option("--fault", options.only_fault, "a fault of --life")->needs("--life");
  CLI11_PARSE(app, argc, argv);
  if (all) options.points = 0;
  std::signal(SIGABRT, OnAbort);

  const CampaignOutcome outcome = RunCampaign(options, [](const CampaignOutcome& so_far) {
    std::fprintf(stderr, "\r%llu lives, %llu points and %llu faults tried ",
                 static_cast<unsigned long long>(so_far.run.lives),
                 static_cast<unsigned long long>(so_far.tried.all),
                 static_cast<unsigned long long>(so_far.faults_tried));
  });
  std::fprintf(stderr, "\n");
  std::printf("%s\n", Summary(outcome).c_str());
  if (outcome.violation.empty()) return 0;
  std::printf("BROKEN PROMISE: %s\nrepeat with: %s\n", outcome.violation.c_str(),
              outcome.repeat.c_str());
  return 1;
}

}  // namespace
}  // namespace quire::crash

int main(int argc, char** argv) {
  return quire::crash::Main(argc, argv);
}
