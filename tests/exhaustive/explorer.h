#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "tests/exhaustive/moves.h"

namespace quire::exhaustive {

struct Bounds {
  double seconds = 0;  // 0: none
  std::size_t memory_bytes = std::size_t{2} << 30;
};

struct Report {
  std::string configuration;
  std::uint64_t visited = 0;         // states that steps led to
  std::uint64_t distinct = 0;        // of them
  std::uint64_t machine_states = 0;  // of writers and recoverers
  int depth = 0;                     // of the deepest state, in steps without the eager ones
  int complete_depth = 0;            // every schedule of so many steps was explored
  bool exhausted = false;            // all of them
  double seconds = 0;
  std::string violation;  // empty: none
  Lines schedule;         // that leads to it; none is shorter
  std::string ending;     // the world after it

  std::string ToString() const;
};

// Goes through every state that a configuration can reach, in the order of their depth, until a
// violation is found, all is seen, or a bound is reached.
//
// `look` is called with each distinct state.
Report Explore(const Configuration& configuration, const Bounds& bounds,
               const std::function<void(const World&, Rules&)>& look = {});

}  // namespace quire::exhaustive
