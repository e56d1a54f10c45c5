// The command line of the daemon. Input: one argument a line.

#include <arpa/inet.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>

#include "bookie/config.h"
#include "common/check.h"
#include "tests/fuzz/arguments.h"
#include "tests/fuzz/fuzz_target.h"

namespace quire::fuzz {
namespace {

bool InRange(std::uint64_t value, std::uint64_t least, std::uint64_t most) {
  return value >= least && value <= most;
}

bool IsAddress(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

// What --help promises.
void CheckBounds(const bookie::Config& config) {
  constexpr std::uint64_t kMiB = 1 << 20;
  const bookie::DaemonOptions& daemon = config.daemon;
  QUIRE_CHECK(!daemon.directories.empty());
  QUIRE_CHECK(IsAddress(daemon.listen_host));
  const bool any = daemon.listen_host == "0.0.0.0" || daemon.listen_host == "::";
  const std::string& advertised = daemon.advertise_host;
  QUIRE_CHECK(!any || !advertised.empty());
  QUIRE_CHECK(advertised != "0.0.0.0" && advertised != "::");
  QUIRE_CHECK(advertised.empty() == (daemon.advertise_port == 0));
  const auto interval = daemon.collector.interval;
  QUIRE_CHECK(interval >= std::chrono::seconds(1) && interval <= std::chrono::days(7));
  QUIRE_CHECK(InRange(daemon.shard.min_free_bytes, kMiB, kMiB << 30));
  QUIRE_CHECK(InRange(daemon.shard.store.cache_bytes, kMiB, 65536 * kMiB));
  QUIRE_CHECK(InRange(daemon.shard.journal.file_bytes, kMiB, 4096 * kMiB));
}

}  // namespace

void Run(std::string_view input) {
  ::unsetenv("QUIRE_METADATA");
  const Arguments arguments("bookie", input);
  const auto config = bookie::ParseConfig(arguments.count(), arguments.values());
  if (config) return CheckBounds(*config);
  const bookie::ConfigExit& exit = config.error();
  QUIRE_CHECK(exit.code == bookie::ExitCode::kClean || exit.code == bookie::ExitCode::kUsage);
  QUIRE_CHECK(!exit.text.empty());
}

}  // namespace quire::fuzz
