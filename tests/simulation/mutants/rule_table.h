#pragma once

#include <vector>

namespace quire::simulation {

// One rule of the protocol that can be broken (rules.py), once for each kind of histories that
// finds it.
struct MutantRule {
  int number;
  const char* what;
  const char* profile;   // of the histories that find it
  const char* harmless;  // why nothing can find it; empty: it has to be found
};

const std::vector<MutantRule>& MutantRules();  // in the order of their numbers

}  // namespace quire::simulation
