#include "tools/local_zookeeper.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tools/loopback.h"

namespace quire::tools {

using common::Errc;
using common::Fail;
using common::FailErrno;
using common::Result;

namespace {

namespace fs = std::filesystem;

constexpr const char* kJar = "/usr/share/java/zookeeper.jar";
constexpr auto kStartBound = std::chrono::seconds(60);

// Its ephemeral nodes outlive a killed process by the session timeout, which ticks bound from
// below.
std::string Configuration(const fs::path& data, int port) {
  return "dataDir=" + data.string() + "\nclientPort=" + std::to_string(port) +
         "\nclientPortAddress=127.0.0.1\ntickTime=1000\nmaxClientCnxns=0\n"
         "admin.enableServer=false\n4lw.commands.whitelist=ruok,srvr\nautopurge.snapRetainCount=3\n"
         "autopurge.purgeInterval=1\n";
}

constexpr const char* kLogging =
    "log4j.rootLogger=INFO, CONSOLE\n"
    "log4j.appender.CONSOLE=org.apache.log4j.ConsoleAppender\n"
    "log4j.appender.CONSOLE.layout=org.apache.log4j.PatternLayout\n"
    "log4j.appender.CONSOLE.layout.ConversionPattern=%d{ISO8601} %-5p %c{1} %m%n\n";

Result<void> WriteFile(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.close();
  if (!file) return FailErrno(errno, "write", path.string());
  return {};
}

Result<ChildProcess> StartServer(const fs::path& directory, int port, const std::string& log) {
  const fs::path config = directory / "zoo.cfg";
  QUIRE_TRY(WriteFile(config, Configuration(directory / "data", port)));
  QUIRE_TRY(WriteFile(directory / "log4j.properties", kLogging));
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (out < 0) return FailErrno(errno, "open", log);
  auto child = ChildProcess::Start(
      {"java", "-Xms16m", "-Xmx192m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
       "-XX:-UsePerfData", "-Xshare:auto", "-Dzookeeper.preAllocSize=4096",
       "-Dzookeeper.jmx.log4j.disable=true", "-cp", directory.string() + ":" + kJar,
       "org.apache.zookeeper.server.ZooKeeperServerMain", config.string()},
      {.in = -1, .out = out, .err = out});
  ::close(out);
  return child;
}

}  // namespace

Result<std::unique_ptr<LocalZookeeper>> LocalZookeeper::Start(const std::string& directory) {
  if (!fs::exists(kJar)) {
    return Fail(Errc::kUnsupported, std::string("no ") + kJar +
                                        ": install Debian's package zookeeper and "
                                        "default-jre-headless (tools/setup.sh does)");
  }
  std::error_code error;
  const fs::path home = fs::absolute(directory, error);
  fs::create_directories(home / "data", error);
  if (error) return FailErrno(error.value(), "create", (home / "data").string());
  const std::string log = (home / "server.log").string();

  // Another process may take the port between our look and the server's bind: then it ends at once.
  for (int attempt = 0; attempt < 3; ++attempt) {
    auto port = FreeLoopbackPort();
    if (!port) return Fail(std::move(port).error());
    auto child = StartServer(home, *port, log);
    if (!child) return Fail(std::move(child).error());
    const auto deadline = std::chrono::steady_clock::now() + kStartBound;
    while (child->Running()) {
      if (AskLoopback(*port, "ruok") == "imok") {
        return std::unique_ptr<LocalZookeeper>(new LocalZookeeper(*std::move(child), *port, log));
      }
      if (std::chrono::steady_clock::now() > deadline) {
        return Fail(Errc::kIo, "ZooKeeper does not answer; see " + log);
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(25));
    }
  }
  return Fail(Errc::kIo, "ZooKeeper ends at its start; see " + log);
}

}  // namespace quire::tools
