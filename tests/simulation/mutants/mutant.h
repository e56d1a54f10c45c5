#pragma once

namespace quire::simulation {

// The rule of the protocol that this process breaks, by its number in the mutation list of the
// specification; 0: none. Set once, before the first history.
inline int active_mutant = 0;

inline bool Mutant(int number) {
  return active_mutant == number;
}

}  // namespace quire::simulation
