#pragma once

#include <cstdint>
#include <random>

namespace quire::common {

// The source of chance. Components get one by reference and never make their own, so that the
// simulation can seed them all.
using Random = std::mt19937_64;

// Seeded from the operating system.
inline Random SystemRandom() {
  std::random_device device;
  std::seed_seq seed{device(), device(), device(), device(),
                     device(), device(), device(), device()};
  return Random(seed);
}

// Uniform in [0, bound); bound > 0. Unlike std::uniform_int_distribution the same everywhere.
inline std::uint64_t Below(Random& random, std::uint64_t bound) {
  return random() % bound;
}

}  // namespace quire::common
