#include "common/check.h"

#include <cstdio>
#include <cstdlib>

namespace quire::common {

void CheckFailed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "quire: invariant broken at %s:%d: %s\n", file, line, condition);
  std::fflush(stderr);
  std::abort();
}

}  // namespace quire::common
