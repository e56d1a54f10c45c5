#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "bookie/daemon_options.h"
#include "bookie/log.h"

namespace quire::bookie {

// What the process tells whoever started it; documented in --help.
enum class ExitCode {
  kClean = 0,
  kFailure = 1,        // a failure at run time
  kUsage = 2,          // flags that make no sense
  kWrongIdentity = 3,  // a directory is not the bookie that the metadata store knows
};

struct Config {
  std::string metadata;  // zk://...
  DaemonOptions daemon;
  LogLevel log_level = LogLevel::kInfo;
};

// Why there is no configuration: help or version was asked for (kClean), or the flags are wrong.
struct ConfigExit {
  ExitCode code;
  std::string text;  // for standard output when clean, else for standard error
};

std::expected<Config, ConfigExit> ParseConfig(int argc, const char* const* argv);

}  // namespace quire::bookie
