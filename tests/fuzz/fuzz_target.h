#pragma once

#include <string_view>

namespace quire::fuzz {

// What one target does with one input: each target's file defines it once. Returns when every
// property holds; a broken one aborts (QUIRE_CHECK), which libFuzzer reports with the input. Must
// be a function of the input alone, so that a saved input repeats. The input stands in a block of
// exactly its size: reading one byte too many is seen.
void Run(std::string_view input);

}  // namespace quire::fuzz
