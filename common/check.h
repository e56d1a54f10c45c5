#pragma once

namespace quire::common {

// Prints the failed condition with its place and aborts. A process whose invariants are broken must
// not go on writing; the crash is recovered from like any other.
[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);

}  // namespace quire::common

// An invariant that stays on in release builds.
#define QUIRE_CHECK(condition)                                      \
  do {                                                              \
    if (!(condition)) [[unlikely]] {                                \
      ::quire::common::CheckFailed(#condition, __FILE__, __LINE__); \
    }                                                               \
  } while (false)
