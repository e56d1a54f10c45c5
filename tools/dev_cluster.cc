#include "tools/dev_cluster.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tools/cluster_admin.h"

namespace quire::tools {

using common::Errc;
using common::Fail;
using common::FailErrno;
using common::Result;

namespace {

namespace fs = std::filesystem;

constexpr auto kReadyBound = std::chrono::seconds(60);
constexpr auto kStopBound = std::chrono::seconds(10);

// The daemon beside this program: where both are installed, or where both are built.
std::string FindBookieBinary() {
  std::error_code error;
  const fs::path here = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const fs::path& candidate : {here / "bookie", here.parent_path() / "bookie" / "bookie"}) {
    if (fs::is_regular_file(candidate, error)) return candidate.string();
  }
  return "bookie";
}

std::string FileText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string LastLine(const std::string& text) {
  const auto end = text.find_last_not_of("\n ");
  if (end == std::string::npos) return "no output";
  const auto before = text.rfind('\n', end);
  const auto begin = before == std::string::npos ? 0 : before + 1;
  return text.substr(begin, end + 1 - begin);
}

// The value of `name=` in a line; empty when it is not there.
std::string Field(const std::string& line, const std::string& name) {
  const auto at = line.find(name + "=");
  if (at == std::string::npos) return "";
  const auto begin = at + name.size() + 1;
  return line.substr(begin, line.find_first_of(" \n", begin) - begin);
}

}  // namespace

Result<std::unique_ptr<DevCluster>> DevCluster::Start(const Options& options,
                                                      StopSignals& signals) {
  std::error_code error;
  const fs::path home = fs::absolute(options.directory, error);
  fs::create_directories(home, error);
  if (error) return FailErrno(error.value(), "create", home.string());
  std::unique_ptr<DevCluster> cluster(new DevCluster(home.string()));
  QUIRE_TRY(cluster->Lock());

  auto zookeeper = LocalZookeeper::Start((home / "zookeeper").string());
  if (!zookeeper) return Fail(std::move(zookeeper).error());
  cluster->zookeeper_ = *std::move(zookeeper);
  cluster->uri_ = "zk://" + cluster->zookeeper_->address() + "/quire";
  if (auto made = InitClusterAt(cluster->uri_); !made && made.error().code() != Errc::kNodeExists) {
    return Fail(std::move(made).error());
  }

  for (int number = 1; number <= options.bookies; ++number) {
    QUIRE_TRY(cluster->StartBookie(number, options.bookie_flags));
  }
  for (Bookie& bookie : cluster->bookies_) QUIRE_TRY(cluster->AwaitReady(bookie, signals));
  return cluster;
}

// Two clusters over the same data would damage it.
Result<void> DevCluster::Lock() {
  const std::string path = directory_ + "/cluster.lock";
  lock_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock_ < 0) return FailErrno(errno, "open", path);
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    return Fail(Errc::kInvalidArgument,
                directory_ + " is in use by another 'quire cluster up'; choose another --dir");
  }
  return {};
}

Result<void> DevCluster::StartBookie(int number, const std::vector<std::string>& flags) {
  const std::string directory = directory_ + "/bookie-" + std::to_string(number);
  const std::string log = directory + ".log";
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
  if (out < 0) return FailErrno(errno, "open", log);
  std::vector<std::string> command{FindBookieBinary(), "--metadata", uri_,         "--dir",
                                   directory,          "--listen",   "127.0.0.1:0"};
  command.insert(command.end(), flags.begin(), flags.end());
  auto process = ChildProcess::Start(command, {.in = -1, .out = out, .err = out});
  ::close(out);
  if (!process) return Fail(std::move(process).error());
  bookies_.push_back({.directory = directory,
                      .log_file = log,
                      .address = "",
                      .id = "",
                      .process = *std::move(process)});
  return {};
}

Result<void> DevCluster::AwaitReady(Bookie& bookie, StopSignals& signals) {
  const auto deadline = std::chrono::steady_clock::now() + kReadyBound;
  for (;;) {
    const bool running = bookie.process.Running();
    const std::string log = FileText(bookie.log_file);
    const auto at = log.find("bookie ready: ");
    if (at != std::string::npos && log.find('\n', at) != std::string::npos) {
      const std::string line = log.substr(at, log.find('\n', at) - at);
      bookie.address = Field(line, "address");
      bookie.id = Field(line, "bookies");
      return {};
    }
    if (!running) {
      return Fail(Errc::kIo, "a bookie ended at its start (" +
                                 DescribeStatus(bookie.process.status()) + "): " + LastLine(log) +
                                 "; all of its log: " + bookie.log_file);
    }
    if (std::chrono::steady_clock::now() > deadline) {
      return Fail(Errc::kTimeout, "a bookie does not become ready; its log: " + bookie.log_file);
    }
    if (signals.Wait(std::chrono::milliseconds(20))) return Fail(Errc::kShutdown, "interrupted");
  }
}

DevCluster::~DevCluster() {
  for (Bookie& bookie : bookies_) bookie.process.Signal(SIGTERM);
  for (Bookie& bookie : bookies_) bookie.process.Stop(kStopBound);
  if (zookeeper_) zookeeper_->process().Stop(kStopBound);
  if (lock_ >= 0) ::close(lock_);
}

std::vector<std::string> DevCluster::TakeDeaths() {
  std::vector<std::string> lines;
  const auto look = [&](ChildProcess& process, bool& told, const std::string& what,
                        const std::string& log) {
    if (told || process.Running()) return;
    told = true;
    lines.push_back(what + " (pid " + std::to_string(process.pid()) +
                    ") ended: " + DescribeStatus(process.status()) + "; its log: " + log);
  };
  for (Bookie& bookie : bookies_) {
    look(bookie.process, bookie.told, "bookie " + bookie.id + " at " + bookie.address,
         bookie.log_file);
  }
  look(zookeeper_->process(), zookeeper_told_, "ZooKeeper", zookeeper_->log_file());
  return lines;
}

}  // namespace quire::tools
