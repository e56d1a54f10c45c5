// Breaks one rule of the protocol after the other and looks for the history that shows it. Prints a
// table: the mutant, its seed, how many histories it took to find it, the invariant that caught it.

#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "tests/simulation/history.h"
#include "tests/simulation/mutants/mutant.h"
#include "tests/simulation/mutants/rule_table.h"

namespace {

using quire::simulation::HistoryPlan;
using quire::simulation::MutantRule;
using quire::simulation::MutantRules;
using quire::simulation::ParseProfile;
using quire::simulation::RunHistory;

using Seeds = std::map<std::pair<int, std::string>, std::uint64_t>;  // by mutant and profile

struct Options {
  std::string seeds_file;
  std::string write;
  std::vector<int> only;
  double seconds = 60;
  int jobs = 2;
};

// A line is `<mutant> <profile> <seed>`; # begins a comment.
Seeds ReadSeeds(const std::string& file) {
  Seeds seeds;
  std::ifstream in(file);
  if (!in) throw std::runtime_error("cannot read " + file);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    int number = 0;
    std::string profile;
    std::uint64_t seed = 0;
    if (words >> number >> profile >> seed) seeds[{number, profile}] = seed;
  }
  return seeds;
}

struct Finding {
  int number = 0;
  std::uint64_t seed = 0;       // that shows it; 0: none does
  std::uint64_t histories = 0;  // it took
  double seconds = 0;
  std::string violation = {};
};

// A rule that is broken may break more than invariants: each mutant has a process of its own.
Finding Find(const MutantRule& rule, std::uint64_t first, double seconds) {
  quire::simulation::active_mutant = rule.number;
  const auto start = std::chrono::steady_clock::now();
  Finding finding{.number = rule.number};
  const auto profile = ParseProfile(rule.profile);
  for (std::uint64_t seed = first; finding.seconds < seconds; ++seed) {
    const auto result = RunHistory(HistoryPlan::Draw(seed, *profile), 0);
    ++finding.histories;
    finding.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (!result.violation) continue;
    quire::simulation::active_mutant = 0;
    if (const auto control = RunHistory(HistoryPlan::Draw(seed, *profile), 0).violation) {
      finding.violation = "WITHOUT THE MUTANT TOO, seed " + std::to_string(seed) + ": " + *control;
      break;
    }
    finding.seed = seed;
    finding.violation = *result.violation;
    break;
  }
  return finding;
}

struct Child {
  pid_t pid;
  int pipe;
  const MutantRule* rule;
};

Child Launch(const MutantRule& rule, std::uint64_t first, double seconds) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("no pipe");
  std::fflush(stdout);
  const pid_t pid = fork();
  if (pid < 0) throw std::runtime_error("no process");
  if (pid == 0) {
    close(ends[0]);
    const Finding finding = Find(rule, first, seconds);
    std::ostringstream text;
    text << finding.seed << ' ' << finding.histories << ' ' << finding.seconds << ' '
         << finding.violation;
    const std::string line = text.str();
    const bool written = write(ends[1], line.data(), line.size()) == std::ssize(line);
    std::_Exit(written ? 0 : 1);
  }
  close(ends[1]);
  return {pid, ends[0], &rule};
}

Finding Await(const Child& child) {
  std::string text;
  char buffer[4096];
  for (ssize_t n = 0; (n = read(child.pipe, buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(n));
  }
  close(child.pipe);
  int status = 0;
  waitpid(child.pid, &status, 0);
  Finding finding{.number = child.rule->number};
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    finding.violation = "the process died: a mutant must break the protocol, not the program";
    return finding;
  }
  std::istringstream words(text);
  words >> finding.seed >> finding.histories >> finding.seconds;
  std::getline(words >> std::ws, finding.violation);
  return finding;
}

// True: as it should be.
bool Print(const MutantRule& rule, const Finding& finding) {
  const bool found = finding.seed != 0;
  const bool harmless = *rule.harmless != '\0';
  const std::string seed = found ? std::to_string(finding.seed) : "-";
  std::printf("M%-3d %-12s %10s %9" PRIu64 " %7.1f  %-68s %s\n", rule.number, rule.profile,
              seed.c_str(), finding.histories, finding.seconds, rule.what,
              found      ? finding.violation.c_str()
              : harmless ? (std::string("harmless: ") + rule.harmless).c_str()
                         : ("NOT FOUND " + finding.violation).c_str());
  std::fflush(stdout);
  return found != harmless;
}

int Run(const Options& options) {
  const Seeds seeds = options.seeds_file.empty() ? Seeds() : ReadSeeds(options.seeds_file);
  std::vector<const MutantRule*> rules;
  for (const MutantRule& rule : MutantRules()) {
    const bool wanted = options.only.empty() || std::ranges::count(options.only, rule.number) > 0;
    if (wanted) rules.push_back(&rule);
  }
  std::printf("%-4s %-12s %10s %9s %7s  %-68s %s\n", "", "profile", "seed", "histories", "seconds",
              "rule that is broken", "caught by");
  Seeds found;
  bool good = true;
  std::vector<Child> children;
  for (std::size_t next = 0; next < rules.size() || !children.empty();) {
    while (next < rules.size() && children.size() < static_cast<std::size_t>(options.jobs)) {
      const MutantRule& rule = *rules[next++];
      const bool harmless = *rule.harmless != '\0';
      const auto first = seeds.find({rule.number, rule.profile});
      children.push_back(Launch(rule, first == seeds.end() ? 1 : first->second,
                                harmless ? options.seconds / 10 : options.seconds));
    }
    const Child child = children.front();
    children.erase(children.begin());
    const Finding finding = Await(child);
    if (finding.seed != 0) {
      found[{finding.number, child.rule->profile}] = finding.seed;
    }
    good = Print(*child.rule, finding) && good;
  }
  if (!options.write.empty()) {
    std::ofstream out(options.write);
    out << "# The histories that show the mutants of rules.py: <mutant> <profile> <seed>.\n"
           "# Made by `mutants --write`.\n";
    for (const auto& [rule, seed] : found) {
      out << rule.first << ' ' << rule.second << ' ' << seed << '\n';
    }
  }
  std::printf("%zu mutants, %s\n", rules.size(),
              good ? "all as they should be" : "and not all as they should be");
  return good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Shows that histories of the simulated cluster find every broken rule."};
  app.add_option("--seeds", options.seeds_file, "where each search begins; without: at seed 1");
  app.add_option("--write", options.write, "write the seeds that were found here");
  app.add_option("--only", options.only, "numbers of mutants")->delimiter(',');
  app.add_option("--seconds", options.seconds, "search so long for each");
  app.add_option("--jobs", options.jobs, "processes")->check(CLI::Range(1, 64));
  CLI11_PARSE(app, argc, argv);
  return Run(options);
}
