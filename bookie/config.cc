#include "bookie/config.h"

#include <arpa/inet.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

namespace quire::bookie {
namespace {

constexpr const char* kAbout =
    "Stores ledger entries. Each --dir is a bookie of its own, with its own journal and index, so "
    "that "
    "losing a disk loses one bookie and the others go on.";
constexpr const char* kFooter =
    "Exit codes: 0 clean stop (SIGTERM, SIGINT), 1 failure at run time, 2 wrong usage, 3 a "
    "directory is "
    "not the bookie or the cluster that the metadata store knows (nothing was changed).\n"
    "When it serves, one line goes to standard output: bookie ready: address=HOST:PORT "
    "bookies=ID[,ID] [http=HOST:PORT]";

struct HostPort {
  std::string host;
  std::uint16_t port;
};

std::optional<HostPort> ParseHostPort(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) {
    return std::nullopt;
  }
  return HostPort{.host = std::string(text.substr(0, colon)), .port = port};
}

std::unexpected<ConfigExit> Wrong(std::string text) {
  return std::unexpected(ConfigExit{.code = ExitCode::kUsage, .text = std::move(text)});
}

LogLevel LevelOf(const std::string& name) {
  if (name == "debug") return LogLevel::kDebug;
  if (name == "warning") return LogLevel::kWarning;
  return name == "error" ? LogLevel::kError : LogLevel::kInfo;
}

bool IsAnyAddress(const std::string& host) {
  return host == "0.0.0.0" || host == "::";
}

bool IsNumericAddress(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

}  // namespace

std::expected<Config, ConfigExit> ParseConfig(int argc, const char* const* argv) {
  Config config;
  std::string listen = "127.0.0.1:3181";
  std::string advertise;
  std::string http = "127.0.0.1:0";
  bool http_control = false;
  std::string log_level = "info";
  std::uint64_t gc_seconds = 600;
  std::uint64_t min_free_mb = config.daemon.shard.min_free_bytes >> 20;
  std::uint64_t cache_mb = config.daemon.shard.store.cache_bytes >> 20;
  std::uint64_t journal_mb = config.daemon.shard.journal.file_bytes >> 20;
  std::uint64_t compaction_mb = config.daemon.shard.store.compaction.bytes_per_second >> 20;

  CLI::App app(kAbout, "bookie");
  app.footer(kFooter);
  app.add_option("--metadata", config.metadata,
                 "The cluster's metadata store, zk://HOST:PORT[,HOST:PORT...]/ROOT")
      ->envname("QUIRE_METADATA")
      ->required();
  app.add_option(
         "--dir", config.daemon.directories,
         "A directory on a disk of its own; repeat it for more disks. An empty one is formatted "
         "as a new bookie")
      ->required()
      ->allow_extra_args(false);
  app.add_option("--listen", listen,
                 "HOST:PORT to serve at, HOST a numeric address; port 0 takes any free one")
      ->capture_default_str();
  app.add_option(
      "--advertise", advertise,
      "HOST:PORT that clients reach this daemon at, if it is not the listen address; needed "
      "with 0.0.0.0, which is no address to connect to");
  app.add_option(
         "--http", http,
         "HOST:PORT of /metrics, /livez, /readyz, /status and /compaction, HOST a numeric "
         "address; port 0 takes any free one, so that bookies on one machine never want the "
         "same; off for none")
      ->capture_default_str();
  app.add_flag("--http-control", http_control,
               "Lets clients on other machines POST to /compaction too; there is no password");
  app.add_option("--gc-interval", gc_seconds,
                 "Seconds between two looks for deleted ledgers, whose space is given back")
      ->check(CLI::Range(1, 7 * 24 * 3600))
      ->capture_default_str();
  app.add_option(
         "--min-free", min_free_mb,
         "MiB of free space below which a bookie is read-only. What it accepted before, its "
         "journal and its index must still find room")
      ->check(CLI::Range(1, 1 << 30))
      ->capture_default_str();
  app.add_option(
         "--cache-mb", cache_mb,
         "MiB of entries of a directory that wait in memory to be written sorted; twice as much "
         "is used while that goes on")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str();
  app.add_option("--journal-file-mb", journal_mb,
                 "MiB of one journal file; files are written in full once and used again")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  app.add_option(
         "--compaction-mb-per-second", compaction_mb,
         "MiB that a directory copies at most in a second to give back the space of deleted "
         "ledgers between live ones")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  app.add_option("--log-level", log_level, "What goes to standard error")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return std::unexpected(ConfigExit{.code = ExitCode::kClean, .text = app.help()});
  } catch (const CLI::ParseError& error) {
    return Wrong(std::string(error.what()) + ". See bookie --help");
  }

  const auto at = ParseHostPort(listen);
  if (!at) return Wrong("--listen " + listen + ": expected HOST:PORT");
  if (!IsNumericAddress(at->host)) {
    return Wrong("--listen " + listen + ": '" + at->host +
                 "' is no IP address; name the interface to listen on, or 0.0.0.0 for all");
  }
  config.daemon.listen_host = at->host;
  config.daemon.listen_port = at->port;
  if (!advertise.empty()) {
    const auto reached = ParseHostPort(advertise);
    if (!reached || reached->port == 0 || IsAnyAddress(reached->host)) {
      return Wrong("--advertise " + advertise + ": expected HOST:PORT that clients can connect to");
    }
    config.daemon.advertise_host = reached->host;
    config.daemon.advertise_port = reached->port;
  } else if (IsAnyAddress(at->host)) {
    return Wrong("--listen " + listen +
                 " serves every interface, so clients must be told which address to use: add "
                 "--advertise HOST:PORT");
  }
  if (http != "off") {
    const auto served = ParseHostPort(http);
    if (!served) return Wrong("--http " + http + ": expected HOST:PORT or off");
    if (!IsNumericAddress(served->host)) {
      return Wrong("--http " + http + ": '" + served->host + "' is no IP address");
    }
    config.daemon.http = HttpOptions{
        .host = served->host, .port = served->port, .control_from_anywhere = http_control};
  } else if (http_control) {
    return Wrong("--http-control opens nothing with --http off");
  }
  config.log_level = LevelOf(log_level);
  config.daemon.collector.interval = std::chrono::seconds(gc_seconds);
  config.daemon.shard.min_free_bytes = min_free_mb << 20;
  config.daemon.shard.store.cache_bytes = cache_mb << 20;
  config.daemon.shard.journal.file_bytes = journal_mb << 20;
  config.daemon.shard.store.compaction.bytes_per_second = compaction_mb << 20;
  config.daemon.shard.store.compaction.interval = config.daemon.collector.interval;
  return config;
}

}  // namespace quire::bookie
