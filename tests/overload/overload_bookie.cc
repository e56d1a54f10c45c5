// A bookie daemon with its metadata in memory, which needs no other server: what the overload test
// drives. Usage: overload_bookie DIRECTORY MEMORY_MB. Serves until its input ends.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <string>

#include "bookie/daemon.h"
#include "bookie/loop_call.h"
#include "common/random.h"
#include "metadata/memory_store.h"
#include "metadata/memory_tree.h"
#include "metadata/registry.h"

int main(int argc, char** argv) {
  using namespace quire;
  if (argc != 3) {
    std::fputs("usage: overload_bookie DIRECTORY MEMORY_MB\n", stderr);
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  rpc::AsioLoop loop("bookie");
  auto store = bookie::RunOn(loop, [&] {
    return std::make_unique<metadata::MemoryStore>(loop, std::make_shared<metadata::MemoryTree>());
  });
  common::Random random = common::SystemRandom();
  const auto made = bookie::Await<common::Result<void>>(loop, [&](auto done) {
    metadata::InitCluster(*store, protocol::InstanceId::Make(random), 0, std::move(done));
  });
  if (!made) return 1;
  bookie::DaemonOptions options;
  options.directories = {argv[1]};
  options.memory_bytes = std::stoull(argv[2]) << 20;
  const bookie::Log log([](bookie::LogLevel, std::string_view line) {
    std::fprintf(stderr, "bookie: %.*s\n", static_cast<int>(line.size()), line.data());
  });
  auto daemon = bookie::BookieDaemon::Start(loop, *store, std::move(options), log, {});
  if (!daemon) {
    std::fprintf(stderr, "not started: %s\n", daemon.error().ToString().c_str());
    return 1;
  }
  std::printf("%s %s\n", (*daemon)->address().c_str(), ToHex((*daemon)->bookies()[0]).c_str());
  std::fflush(stdout);
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) > 0) {
  }
  const auto stopped = (*daemon)->Stop();
  daemon->reset();
  bookie::RunOn(loop, [&] { store.reset(); });
  return stopped ? 0 : 1;
}
