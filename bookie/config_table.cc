#include "bookie/config_table.h"

#include <algorithm>
#include <string>
#include <utility>

#include "bookie/host_port.h"
#include "metadata/metadata_uri.h"

namespace quire::bookie {
namespace {

using Verdict = std::expected<void, std::string>;

constexpr std::int64_t kDaySeconds = 86'400;
constexpr std::int64_t kYearHours = 8'760;

std::string Join(const std::string& host, std::uint16_t port) {
  return host + ":" + std::to_string(port);
}

// An address of this machine.
std::expected<HostPort, std::string> ParseLocal(const std::string& text,
                                                const std::string& expected) {
  auto at = ParseHostPort(text);
  if (!at) return std::unexpected("expected " + expected + ", not '" + text + "'");
  if (!IsNumericAddress(at->host)) {
    return std::unexpected("'" + at->host +
                           "' is no IP address; name the interface to listen on, or 0.0.0.0 for "
                           "all");
  }
  return *std::move(at);
}

Verdict SetMetadata(Config& config, const std::string& text) {
  if (const auto uri = metadata::MetadataUri::Parse(text); !uri) {
    return std::unexpected(uri.error().context());
  }
  config.metadata = text;
  return {};
}

Verdict SetDirectories(Config& config, const OptionValue& value) {
  const auto& directories = std::get<std::vector<std::string>>(value);
  for (auto at = directories.begin(); at != directories.end(); ++at) {
    if (at->empty()) return std::unexpected("a directory without a name");
    if (std::find(directories.begin(), at, *at) != at) {
      return std::unexpected("'" + *at + "' comes twice");
    }
  }
  config.daemon.directories = directories;
  return {};
}

Verdict SetListen(Config& config, const std::string& text) {
  auto at = ParseLocal(text, "HOST:PORT");
  if (!at) return std::unexpected(std::move(at).error());
  config.daemon.listen_host = at->host;
  config.daemon.listen_port = at->port;
  return {};
}

Verdict SetAdvertise(Config& config, const std::string& text) {
  const auto at = ParseHostPort(text);
  if (!at || at->port == 0 || IsAnyAddress(at->host)) {
    return std::unexpected("expected HOST:PORT that clients can connect to, not '" + text + "'");
  }
  config.daemon.advertise_host = at->host;
  config.daemon.advertise_port = at->port;
  return {};
}

std::string GetAdvertise(const Config& config) {
  if (config.daemon.advertise_host.empty()) return {};
  return Join(config.daemon.advertise_host, config.daemon.advertise_port);
}

Verdict SetHttp(Config& config, const std::string& text) {
  if (text == "off") {
    config.daemon.http.reset();
    return {};
  }
  auto at = ParseLocal(text, "HOST:PORT or off");
  if (!at) return std::unexpected(std::move(at).error());
  config.daemon.http = HttpOptions{.host = at->host, .port = at->port};
  return {};
}

std::string GetHttp(const Config& config) {
  return config.daemon.http ? Join(config.daemon.http->host, config.daemon.http->port) : "off";
}

std::vector<Option> MakeTable() {
  return {
      TextOption(
          "metadata", "zk://HOST:PORT[,HOST:PORT...]/ROOT", SetMetadata,
          [](const Config& config) { return config.metadata; },
          "The cluster's metadata store; also from the variable QUIRE_METADATA"),
      Option{.name = "dir",
             .form = Option::Form::kList,
             .takes = "DIRECTORY",
             .reason = "A directory on a disk of its own, several for several disks; an empty one "
                       "is formatted as a new bookie",
             .set = SetDirectories,
             .get = [](const Config& config) -> OptionValue { return config.daemon.directories; }},
      TextOption(
          "listen", "HOST:PORT", SetListen,
          [](const Config& config) {
            return Join(config.daemon.listen_host, config.daemon.listen_port);
          },
          "Where it serves, HOST a numeric address; port 0 takes any free one"),
      TextOption("advertise", "HOST:PORT", SetAdvertise, GetAdvertise,
                 "Where clients reach it, if not at the listen address; needed with 0.0.0.0, which "
                 "is no address to connect to"),
      TextOption("http", "HOST:PORT or off", SetHttp, GetHttp,
                 "Where operators look in: /metrics, /status and more; port 0 takes any free one, "
                 "so that bookies of one machine never want the same"),
      TruthOption(
          "http-control", [](auto& config) -> auto& { return config.http_control; },
          "Lets clients on other machines POST as well, to pause compaction for example; there is "
          "no password"),
      SecondsOption(
          "gc-interval-seconds", {1, 7 * kDaySeconds},
          [](auto& config) -> auto& { return config.daemon.collector.interval; },
          "Between two looks for deleted ledgers, whose space is given back"),
      SecondsOption(
          "absence-seconds", {1, 30 * kDaySeconds},
          [](auto& config) -> auto& { return config.daemon.collector.absence_interval; },
          "Between the two looks that must both find a ledger's record missing before it is taken "
          "for deleted; long enough to notice and mend a wrong metadata store"),
      NumberOption(
          "max-drop-percent", "percent", {0, 100}, 1,
          [](auto& config) -> auto& { return config.daemon.collector.max_drop_percent; },
          "Of the ledgers here that one look may drop without consent; more waits for POST "
          "/collection/consent, so that a wrong metadata store cannot empty a bookie"),
      NumberOption(
          "quarantine-hours", "hours", {0, kYearHours}, 3'600'000'000'000,
          [](auto& config) -> auto& { return config.daemon.shard.store.quarantine.keep; },
          "How long the files of dropped ledgers are kept, unless their room is needed before"),
      MebibytesOption(
          "min-free-mb", {1, 1 << 30},
          [](auto& config) -> auto& { return config.daemon.shard.min_free_bytes; },
          "Free space below which a bookie is read-only; what it has accepted, its journal and its "
          "index must still find room"),
      MebibytesOption(
          "ballast-mb", {0, 65536},
          [](auto& config) -> auto& { return config.daemon.shard.ballast_bytes; },
          "Set aside on each disk, and given up when it is full, so that fences, repairs and the "
          "removal of garbage still find room"),
      MebibytesOption(
          "memory-mb", {0, 1 << 20},
          [](auto& config) -> auto& { return config.daemon.memory_bytes; },
          "Memory of the whole process, shared out in fixed parts; 0 takes 512 for each directory"),
      MebibytesOption(
          "cache-mb", {1, 65536},
          [](auto& config) -> auto& { return config.daemon.shard.store.cache_bytes; },
          "Entries of a directory that wait in memory to be written sorted; twice as much is used "
          "while that goes on. Unless it is set, less where --memory-mb has room for less only"),
      MebibytesOption(
          "journal-file-mb", {1, 4096},
          [](auto& config) -> auto& { return config.daemon.shard.journal.file_bytes; },
          "One journal file; files are written in full once and used again"),
      MebibytesOption(
          "compaction-mb-per-second", {1, 4096},
          [](auto& config) -> auto& {
            return config.daemon.shard.store.compaction.bytes_per_second;
          },
          "What a directory copies at most in a second to give back the space of deleted ledgers "
          "between live ones"),
      MebibytesOption(
          "scrub-mb-per-second", {1, 4096},
          [](auto& config) -> auto& { return config.daemon.shard.store.scrub.bytes_per_second; },
          "What a directory reads at most in a second to find what its disk has changed"),
      NumberOption(
          "scrub-interval-hours", "hours", {0, kYearHours}, 3'600'000'000'000,
          [](auto& config) -> auto& { return config.daemon.shard.store.scrub.interval; },
          "Between the end of a pass of the scrub and the next one; 0 begins one only when asked"),
      WordOption<LogLevel>(
          "log-level", kLogLevels, [](auto& config) -> auto& { return config.log_level; },
          "What goes to standard error at least; POST /log?level=debug changes it while it runs"),
      WordOption<LogFormat>(
          "log-format", kLogFormats, [](auto& config) -> auto& { return config.log_format; },
          "Lines for people, or a JSON object a line for a log store"),
  };
}

}  // namespace

const std::vector<Option>& ConfigTable() {
  static const std::vector<Option> table = MakeTable();
  return table;
}

}  // namespace quire::bookie
