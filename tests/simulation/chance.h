#pragma once

#include <cstdint>

#include "common/loop.h"
#include "common/random.h"

namespace quire::simulation {

// Probabilities are whole numbers of a million, so that a run is the same on every machine.
using PerMillion = std::uint32_t;

// Draws nothing when it is certain.
inline bool Chance(common::Random& random, PerMillion rate) {
  return rate != 0 && common::Below(random, 1'000'000) < rate;
}

// Around `typical`, and now and then ten, a hundred or a thousand times as long: the shape of real
// delays, and what lets one message overtake many.
inline common::Duration HeavyTail(common::Random& random, common::Duration typical) {
  const std::uint64_t draw = random();
  const auto base = static_cast<std::uint64_t>(typical.count());
  std::uint64_t delay = base / 2 + ((draw >> 16) % (base + 1));
  if ((draw & 0xf) == 0) delay *= 10;
  if ((draw & 0xff) == 0) delay *= 10;
  if ((draw & 0xfff) == 0) delay *= 10;
  return common::Duration(static_cast<std::int64_t>(delay));
}

}  // namespace quire::simulation
