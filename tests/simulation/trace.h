#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/simulation/sim_scheduler.h"

namespace quire::simulation {

// The last lines of what happened, each with its virtual time. Off unless asked for: a run that
// fails is run again from its seed with the trace on. Whether it is on changes nothing in the run.
class Trace {
 public:
  // Keeps `lines` lines; 0: off.
  Trace(const SimScheduler& scheduler, std::size_t lines);

  bool on() const { return most_ != 0; }

  // The parts, strings and whole numbers, are put together to a line when the trace is on.
  template <typename... Parts>
  void Line(const Parts&... parts) {
    if (!on()) return;
    std::string& line = NextLine();
    (Append(line, parts), ...);
  }

  // Oldest first, one a line.
  std::string Text() const;

 private:
  std::string& NextLine();
  static void Append(std::string& line, std::string_view text) { line += text; }
  static void Append(std::string& line, std::integral auto number) {
    line += std::to_string(number);
  }

  const SimScheduler& scheduler_;
  const common::TimePoint start_;
  const std::size_t most_;
  std::vector<std::string> lines_;  // a ring once there are most_
  std::uint64_t count_ = 0;         // of all lines ever
};

}  // namespace quire::simulation
