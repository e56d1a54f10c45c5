#pragma once

#include "common/error.h"

namespace quire::tools {

// The exit status of `quire`: what a script may rely on. Shown at the end of every --help.
enum ExitCode {
  kExitOk = 0,
  kExitFailed = 1,    // the operation failed; the line on standard error says why
  kExitUsage = 2,     // bad usage or bad input; nothing was done, or all before the bad input was
  kExitNotFound = 3,  // no such ledger, entry or bookie
  kExitUnavailable = 4,  // metadata store or bookies cannot be reached, or too few bookies
  kExitUnknown = 5,      // the outcome is not known, or another client took the ledger over
  kExitDamage = 6,       // a directory was looked at, and it is damaged
};

inline constexpr const char* kExitCodeHelp =
    "Exit status:\n"
    "  0  done\n"
    "  1  the operation failed; the line on standard error says why\n"
    "  2  bad usage or bad input\n"
    "  3  no such ledger, entry or bookie\n"
    "  4  the metadata store or the bookies cannot be reached, or there are too few bookies\n"
    "  5  the outcome is not known, or another client has taken the ledger over (fenced)\n"
    "  6  damage was found (quire disk)";

// The exit status that tells about an error.
ExitCode ExitCodeOf(common::Errc code);

// What a person can do about it; empty when the error says all there is.
const char* AdviceFor(common::Errc code);

}  // namespace quire::tools
