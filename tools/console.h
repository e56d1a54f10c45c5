#pragma once

#include <string>
#include <string_view>

#include "common/error.h"
#include "tools/exit_codes.h"

namespace quire::tools {

// Lines for a person on standard error, each "quire: ..." and each written with one call, so that
// lines of several threads or processes do not mix.
void Say(std::string_view line);
void Warn(std::string_view line);  // "quire: warning: ..."

// Says what failed, why and what to do, in one line; returns the exit status for it.
[[nodiscard]] int Failed(std::string_view what, const common::Error& error);
// The same with a status of its own, for what common::Error does not know.
[[nodiscard]] int Failed(ExitCode status, std::string_view line);

// "12.3 MB": for people.
std::string HumanBytes(double bytes);
// "1,234,567".
std::string HumanCount(std::int64_t count);

}  // namespace quire::tools
