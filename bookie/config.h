#pragma once

#include <expected>
#include <string>

#include "bookie/daemon_options.h"
#include "bookie/log.h"

namespace quire::bookie {

// What the process tells whoever started it; documented in --help.
enum class ExitCode {
  kClean = 0,
  kFailure = 1,        // a failure at run time
  kUsage = 2,          // a configuration that makes no sense
  kWrongIdentity = 3,  // a directory is not the bookie that the metadata store knows
};

// What a bookie is told by its operator. Made here with the defaults; config_table.cc says what may
// be set.
struct Config {
  Config() {
    daemon.listen_port = 3181;
    daemon.http.emplace();
  }

  std::string metadata;  // zk://...
  DaemonOptions daemon;
  bool http_control = false;
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kText;
};

// Why there is nothing to serve: something was asked for (kClean), or the configuration is wrong.
struct ConfigExit {
  ExitCode code;
  std::string text;  // for standard output when clean, else for standard error
};

// The defaults, what the file of --config changes of them, what QUIRE_METADATA and the flags change
// of that. Touches no disk but the file, and no network.
std::expected<Config, ConfigExit> ParseConfig(int argc, const char* const* argv);

}  // namespace quire::bookie
