#pragma once

#include <string>

#include "tests/exhaustive/moves.h"

namespace quire::exhaustive {

// What is broken in a world, with the number of the invariant (protocol 3), or an empty text. Asked
// of every state. What only a step can break (I5 of the writer, I7, I8) is found by Rules::Take.
std::string FindViolation(const World& world, Rules& rules);

}  // namespace quire::exhaustive
