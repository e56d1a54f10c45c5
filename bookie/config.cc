#include "bookie/config.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "bookie/config_flags.h"
#include "bookie/config_option.h"
#include "bookie/config_table.h"
#include "bookie/config_toml.h"
#include "bookie/host_port.h"
#include "bookie/memory_budget.h"

namespace quire::bookie {
namespace {

using Verdict = std::expected<void, std::string>;

// Where the option was given, or what it is called when its default does not fit.
std::string Where(const Settings& settings, std::string_view name) {
  const auto given = settings.find(name);
  return given == settings.end() ? "--" + std::string(name) : given->second.where;
}

// What no row of the table can tell alone.
Verdict CheckTogether(const Config& config, const Settings& settings) {
  if (IsAnyAddress(config.daemon.listen_host) && config.daemon.advertise_host.empty()) {
    return std::unexpected(Where(settings, "listen") +
                           ": serves every interface, so clients must be told which address to "
                           "use: give --advertise HOST:PORT (advertise in a file) as well");
  }
  if (config.http_control && !config.daemon.http) {
    return std::unexpected(Where(settings, "http-control") + ": opens nothing with http off");
  }
  return {};
}

Verdict CheckComplete(const Config& config) {
  if (config.metadata.empty()) {
    return std::unexpected(
        "the cluster is not named: give --metadata zk://HOST:PORT/ROOT (metadata in a file), or "
        "set QUIRE_METADATA");
  }
  if (config.daemon.directories.empty()) {
    return std::unexpected("there is nothing to serve: give --dir DIRECTORY (dir in a file)");
  }
  return {};
}

// A default gives way to what the memory has room for; what was asked for does not.
Verdict FitMemory(Config& config, const Settings& settings) {
  const std::size_t directories = std::max<std::size_t>(1, config.daemon.directories.size());
  const auto budget = MemoryBudget::Of(config.daemon.memory_bytes, directories);
  if (!budget) {
    return std::unexpected("--memory-mb (memory_mb in a file): " + budget.error().context());
  }
  std::uint64_t& cache = config.daemon.shard.store.cache_bytes;
  const std::uint64_t most_mb = budget->MostCacheBytes() >> 20;
  if (cache <= most_mb << 20) return {};
  if (settings.contains("cache-mb")) {
    return std::unexpected(
        Where(settings, "cache-mb") + ": with " + std::to_string(budget->total >> 20) +
        " MiB of memory (--memory-mb) for " + std::to_string(directories) +
        (directories == 1 ? " directory" : " directories") + " --cache-mb may be " +
        std::to_string(most_mb) + " at most; set it to that, leave it out, or give more memory");
  }
  cache = most_mb << 20;
  return {};
}

// Values that follow from others.
void Complete(Config& config) {
  if (config.daemon.http) config.daemon.http->control_from_anywhere = config.http_control;
  config.daemon.shard.store.compaction.interval = config.daemon.collector.interval;
}

std::unexpected<ConfigExit> Wrong(std::string text) {
  return std::unexpected(
      ConfigExit{.code = ExitCode::kUsage, .text = std::move(text) + ". See bookie --help"});
}

std::unexpected<ConfigExit> Told(std::string text) {
  return std::unexpected(ConfigExit{.code = ExitCode::kClean, .text = std::move(text)});
}

}  // namespace

std::expected<Config, ConfigExit> ParseConfig(int argc, const char* const* argv) {
  auto line = ReadCommandLine(argc, argv);
  if (!line) return std::unexpected(std::move(line).error());
  Settings settings = std::move(line->settings);
  if (!line->file.empty()) {
    auto file = ReadTomlFile(line->file);
    if (!file) return Wrong(std::move(file).error());
    settings.merge(*file);  // keeps what the flags say
  }
  Config config;
  for (const Option& option : ConfigTable()) {
    const auto given = settings.find(option.name);
    if (given == settings.end()) continue;
    if (const auto set = option.set(config, given->second.value); !set) {
      return Wrong(given->second.where + ": " + set.error());
    }
  }
  if (const auto fits = CheckTogether(config, settings); !fits) return Wrong(fits.error());
  if (const auto fits = FitMemory(config, settings); !fits) return Wrong(fits.error());
  for (const std::string& directory : line->rejoin) {
    if (std::ranges::find(config.daemon.directories, directory) ==
        config.daemon.directories.end()) {
      return Wrong("--rejoin " + directory + ": name one of --dir, spelled the same way");
    }
  }
  config.daemon.rejoin = line->rejoin;
  if (line->action == CommandLine::Action::kPrint) return Told(ToToml(config));
  if (const auto complete = CheckComplete(config); !complete) return Wrong(complete.error());
  if (line->action == CommandLine::Action::kCheck) return Told("the configuration is valid");
  Complete(config);
  return config;
}

}  // namespace quire::bookie
