#pragma once

#include <expected>
#include <string>
#include <vector>

#include "bookie/config.h"
#include "bookie/config_option.h"

namespace quire::bookie {

// What the command line says, not looked at any closer.
struct CommandLine {
  enum class Action { kServe, kCheck, kPrint };

  Action action = Action::kServe;
  std::string file;                 // of --config; empty: none
  std::vector<std::string> rejoin;  // directories; never of a file, which would say it again
  Settings settings;                // the flags, and QUIRE_METADATA
};

// The flags are those of ConfigTable. ConfigExit: --help, or a flag that there is not.
std::expected<CommandLine, ConfigExit> ReadCommandLine(int argc, const char* const* argv);

}  // namespace quire::bookie
