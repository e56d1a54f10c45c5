#pragma once

#include <cstdint>
#include <istream>
#include <string>
#include <vector>

#include "common/error.h"

namespace quire::simulation {

// A seed that once showed something and is run for ever after.
struct CorpusSeed {
  std::uint64_t seed = 0;
  std::string profile;  // the name of a fault profile
  std::string history;  // what it showed, for people

  bool operator==(const CorpusSeed&) const = default;
};

// The format of corpus.txt: a seed a line, `<seed> <profile> <history>`, separated by blanks; empty
// lines and those that begin with # are comments. kCorrupt with the number of a line that is
// neither.
common::Result<std::vector<CorpusSeed>> ReadCorpus(std::istream& in);

}  // namespace quire::simulation
