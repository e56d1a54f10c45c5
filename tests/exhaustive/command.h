#pragma once

namespace quire::exhaustive {

// The whole command `exhaustive_explore`. Exit status 0: no violation; 1: one was found, and its
// shortest schedule printed; 2: usage. Linked with other client sources, for example mutated ones,
// it explores those.
int RunExplorer(int argc, char** argv);

}  // namespace quire::exhaustive
