#include "tests/exhaustive/explorer.h"

#include <algorithm>
#include <cstdio>
#include <vector>

#include "tests/exhaustive/frontier.h"
#include "tests/exhaustive/invariants.h"
#include "tests/exhaustive/visited_states.h"

namespace quire::exhaustive {

namespace {

class Exploration {
 public:
  Exploration(const Configuration& configuration, const Bounds& bounds,
              const std::function<void(const World&, Rules&)>& look)
      : configuration_(configuration), bounds_(bounds), rules_(configuration), look_(look) {
    report_.configuration = configuration.ToString();
  }

  Report Run() {
    World world = rules_.Begin(nullptr);
    Note(world, VisitedStates::kNone, 0, "");
    std::uint32_t number = 0;
    while (report_.violation.empty()) {
      std::swap(now_, next_);
      bool any = false;
      while (report_.violation.empty() && !OutOfBounds() && now_.Pop(world, number)) {
        any = true;
        Expand(world, number);
      }
      if (!any && !out_of_bounds_) report_.exhausted = true;
      if (!any || out_of_bounds_) break;
      if (report_.violation.empty()) report_.complete_depth = ++depth_;
    }
    if (report_.exhausted) report_.complete_depth = report_.depth;
    report_.distinct = visited_.size();
    report_.machine_states = rules_.machines().states();
    report_.seconds = Elapsed();
    return std::move(report_);
  }

 private:
  void Expand(const World& world, std::uint32_t number) {
    rules_.Moves(world, moves_);
    World after;
    for (std::size_t i = 0; i < moves_.size(); ++i) {
      after.CopyFrom(world);
      const std::string broken = rules_.Take(after, moves_[i], nullptr);
      Note(after, number, static_cast<std::uint16_t>(i), broken);
      if (!report_.violation.empty()) return;
    }
  }

  void Note(const World& world, std::uint32_t parent, std::uint16_t move,
            const std::string& broken) {
    ++report_.visited;
    const std::uint64_t hash = world.Hash(rules_.machines(), configuration_);
    const std::uint32_t number = visited_.Insert(hash, parent, move);
    if (number != VisitedStates::kNone) {
      report_.depth = parent == VisitedStates::kNone ? 0 : depth_ + 1;
      if (look_) look_(world, rules_);
      next_.Push(world, number);
    }
    report_.violation = broken;
    if (broken.empty() && number != VisitedStates::kNone) {
      report_.violation = FindViolation(world, rules_);
    }
    if (!report_.violation.empty()) TellSchedule(parent, move);
  }

  // Walks back to the beginning, and forth again aloud.
  void TellSchedule(std::uint32_t parent, std::uint16_t move) {
    std::vector<std::uint16_t> path;
    if (parent != VisitedStates::kNone) path.push_back(move);
    for (; parent != VisitedStates::kNone && parent != 0; parent = visited_.ParentOf(parent)) {
      path.push_back(visited_.MoveTo(parent));
    }
    World world = rules_.Begin(&report_.schedule);
    for (auto step = path.rbegin(); step != path.rend(); ++step) {
      rules_.Moves(world, moves_);
      const Move chosen = moves_[*step];
      const std::string broken = rules_.Take(world, chosen, &report_.schedule);
      if (!broken.empty()) break;
    }
    report_.ending = Describe(world);
  }

  std::string Describe(const World& world) {
    Machines& machines = rules_.machines();
    const WriterFacts& writer = machines.Writer(world.writer);
    std::string text = "the record is at " + machines.registers().ToString(world.record) +
                       "; the writer sent up to entry " + std::to_string(writer.pushed) +
                       " and acknowledged up to " + std::to_string(writer.lac);
    for (std::size_t b = 0; b < static_cast<std::size_t>(configuration_.bookies()); ++b) {
      const ModelBookie& bookie = world.bookies[b];
      text += "; b" + std::to_string(b) + (bookie.Fenced() ? " is fenced and has" : " has");
      for (int entry = 0; entry < configuration_.entries; ++entry) {
        if (bookie.Stored(entry) != 0) text += ' ' + std::to_string(entry);
      }
    }
    return text;
  }

  bool OutOfBounds() {
    if (++ticks_ % 1024 != 0) return out_of_bounds_;
    const bool late = bounds_.seconds > 0 && Elapsed() > bounds_.seconds;
    const bool large = visited_.memory() + now_.memory() + next_.memory() > bounds_.memory_bytes;
    return out_of_bounds_ = late || large;
  }

  double Elapsed() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

  const Configuration configuration_;
  const Bounds bounds_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  Rules rules_;
  const std::function<void(const World&, Rules&)>& look_;
  VisitedStates visited_;
  Frontier now_;
  Frontier next_;
  std::vector<Move> moves_;
  int depth_ = 0;
  std::uint64_t ticks_ = 0;
  bool out_of_bounds_ = false;
  Report report_;
};

}  // namespace

Report Explore(const Configuration& configuration, const Bounds& bounds,
               const std::function<void(const World&, Rules&)>& look) {
  return Exploration(configuration, bounds, look).Run();
}

std::string Report::ToString() const {
  char line[320];
  std::snprintf(line, sizeof line,
                "%s: %llu states visited, %llu distinct, %llu of machines, deepest %d, "
                "complete to %d, %s, %.1f s, %.0f states/s",
                configuration.c_str(), static_cast<unsigned long long>(visited),
                static_cast<unsigned long long>(distinct),
                static_cast<unsigned long long>(machine_states), depth, complete_depth,
                !violation.empty() ? "VIOLATION"
                : exhausted        ? "exhausted"
                                   : "bound reached",
                seconds, static_cast<double>(visited) / std::max(seconds, 1e-9));
  std::string text = line;
  if (violation.empty()) return text;
  text += "\n  " + violation + ", after\n";
  int number = 0;
  for (const auto& step : schedule) {
    text += (step.starts_with(' ') ? "        " : "    " + std::to_string(++number) + "  ") + step +
            '\n';
  }
  return text + "  Then " + ending + "\n";
}

}  // namespace quire::exhaustive
