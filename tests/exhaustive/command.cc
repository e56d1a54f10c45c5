#include "tests/exhaustive/command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "tests/exhaustive/explorer.h"

namespace quire::exhaustive {

namespace {

struct Options {
  std::string configuration = "all";
  std::string deviation = "none";
  Configuration settings;
  double seconds = 60;
  std::size_t memory_mib = 2048;
};

const std::vector<std::pair<std::string, Deviation>>& Deviations() {
  static const std::vector<std::pair<std::string, Deviation>> all = {
      {"none", Deviation::kNone},
      {"M1", Deviation::kReadsDoNotFence},
      {"M3", Deviation::kNegativeBeforeFence},
      {"M4", Deviation::kVolatileFence},
      {"M5", Deviation::kAckBeforeSync},
      {"M23", Deviation::kUnknownNotFenced},
      {"M24", Deviation::kRecoveryAddRefused},
      {"M33", Deviation::kVisibleOnlyAfterSync}};
  return all;
}

void AddOptions(CLI::App& app, Options& options) {
  std::vector<std::string> names = ConfigurationNames();
  names.emplace_back("all");
  std::vector<std::string> deviations;
  for (const auto& [name, deviation] : Deviations()) deviations.push_back(name);
  Configuration& settings = options.settings;
  app.add_option("--configuration", options.configuration,
                 "E/Qw/Qa, with +1 one spare bookie; or all")
      ->check(CLI::IsMember(names));
  app.add_option("--seconds", options.seconds, "for all configurations together; 0: no bound");
  app.add_option("--memory-mib", options.memory_mib, "of states seen and states to come");
  app.add_option("--entries", settings.entries)->check(CLI::Range(1, kMaxEntries));
  app.add_option("--recoverers", settings.recoverers)->check(CLI::Range(0, kMaxRecoverers));
  app.add_option("--window", settings.window, "appends under way at once")
      ->check(CLI::Range(1, kMaxEntries));
  app.add_option("--timeouts", settings.budgets.timeouts,
                 "calls that end unanswered (request lost, request late, answer lost)")
      ->check(CLI::Range(0, 9));
  app.add_option("--crashes", settings.budgets.crashes, "of bookies, losing what is not synced")
      ->check(CLI::Range(0, 9));
  app.add_option("--lost-answers", settings.budgets.lost_answers,
                 "of compare-and-swaps, applied at once or later")
      ->check(CLI::Range(0, 9));
  app.add_option("--mutant", options.deviation, "what the model does wrong on purpose")
      ->check(CLI::IsMember(deviations));
  app.add_flag("!--no-fence-check", settings.check_fences,
               "notice a broken fence only by what it does to the ledger");
  app.add_flag("!--no-close", settings.writer_closes, "the writer never closes");
  app.add_flag("!--histories", settings.merge_states,
               "tell machines apart by all that they heard, and not by their states");
  app.add_flag("!--no-symmetry", settings.symmetry, "tell worlds apart by the names of slots");
  app.add_flag("!--no-eager", settings.eager, "take no step at once, forget no call");
}

}  // namespace

int RunExplorer(int argc, char** argv) {
  Options options;
  CLI::App app{
      "Explores all schedules of one writer and its recoverers on a few bookies: the real protocol "
      "machines of the client on bookies, a network and metadata that are plain values."};
  AddOptions(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  std::vector<std::string> names = {options.configuration};
  if (options.configuration == "all") names = ConfigurationNames();
  bool violation = false;
  double left = options.seconds;
  for (std::size_t i = 0; i < names.size(); ++i) {
    Configuration configuration = options.settings;
    const Configuration named = NamedConfiguration(names[i]);
    configuration.name = named.name;
    configuration.replication = named.replication;
    configuration.spares = named.spares;
    for (const auto& [name, deviation] : Deviations()) {
      if (name == options.deviation) configuration.deviation = deviation;
    }
    // What one leaves over, the others get.
    const double share = left / static_cast<double>(names.size() - i);
    const Report report = Explore(configuration, {options.seconds == 0 ? 0 : std::max(share, 0.001),
                                                  options.memory_mib << 20});
    left -= report.seconds;
    std::printf("%s\n", report.ToString().c_str());
    std::fflush(stdout);
    violation |= !report.violation.empty();
  }
  return violation ? 1 : 0;
}

}  // namespace quire::exhaustive
