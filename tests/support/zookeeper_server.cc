#include "tests/support/zookeeper_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

namespace quire::testing {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr const char* kClassPath = "/usr/share/java/zookeeper.jar:/usr/share/java/slf4j-simple.jar";
constexpr std::chrono::seconds kStartLimit(60);

fs::path MakeDirectory() {
  std::string name = (fs::temp_directory_path() / "quire-zookeeper-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
  return name;
}

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

// So many different ports that nobody listens on: all are held until all are found.
std::vector<int> FreePorts(std::size_t count) {
  std::vector<int> sockets;
  std::vector<int> ports;
  while (ports.size() < count) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = Loopback(0);
    socklen_t size = sizeof(address);
    if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("there is no free port");
    }
    sockets.push_back(fd);
    ports.push_back(ntohs(address.sin_port));
  }
  for (const int fd : sockets) close(fd);
  return ports;
}

std::string ReadFile(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

ZookeeperServer::ZookeeperServer() : ZookeeperServer(FreePorts(1)[0], "", 0) {
  Start();
  AwaitAnswer();
}

ZookeeperServer::ZookeeperServer(int port, std::string ensemble, int id)
    : directory_(MakeDirectory()), port_(port), ensemble_(std::move(ensemble)), id_(id) {
  fs::create_directory(directory_ / "data");
  std::ofstream(directory_ / "data" / "myid") << id_ << "\n";
  std::ofstream(directory_ / "zoo.cfg")
      << "tickTime=500\ninitLimit=20\nsyncLimit=8\ndataDir=" << (directory_ / "data").string()
      << "\nclientPortAddress=127.0.0.1\nclientPort=" << port_
      << "\nadmin.enableServer=false\n4lw.commands.whitelist=*\nmaxClientCnxns=0\n"
      << "forceSync=no\n"
      << ensemble_;
}

ZookeeperServer::~ZookeeperServer() {
  Kill();
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

std::string ZookeeperServer::uri(const std::string& root) const {
  return "zk://127.0.0.1:" + std::to_string(port_) + "/" + root;
}

void ZookeeperServer::Start() {
  const std::string config = (directory_ / "zoo.cfg").string();
  const std::string log = (directory_ / "log").string();
  const pid_t parent = getpid();
  process_ = fork();
  if (process_ < 0) throw std::runtime_error("cannot fork");
  if (process_ > 0) return;
  // The child: only what is safe between fork and exec.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  execlp("java", "java", "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
         "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", kClassPath,
         "org.apache.zookeeper.server.quorum.QuorumPeerMain", config.c_str(), nullptr);
  _exit(127);
}

void ZookeeperServer::AwaitAnswer() {
  const auto limit = Clock::now() + kStartLimit;
  while (!Answers()) {
    const bool ended = waitpid(process_, nullptr, WNOHANG) == process_;
    if (ended) process_ = -1;
    if (ended || Clock::now() > limit) {
      throw std::runtime_error(
          "ZooKeeper does not start (Debian packages zookeeper and "
          "default-jre-headless):\n" +
          ReadFile(directory_ / "log"));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

bool ZookeeperServer::Answers() const {
  return Ask("srvr").contains("Mode: ");
}

void ZookeeperServer::Kill() {
  if (process_ <= 0) return;
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
  process_ = -1;
}

void ZookeeperServer::Restart() {
  Kill();
  Start();
  AwaitAnswer();
}

void ZookeeperServer::Stop() {
  kill(process_, SIGSTOP);
}
void ZookeeperServer::Cont() {
  kill(process_, SIGCONT);
}

std::string ZookeeperServer::Ask(const std::string& command) const {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval limit{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  const sockaddr_in address = Loopback(port_);
  std::string answer;
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
      send(fd, command.data(), command.size(), MSG_NOSIGNAL) > 0) {
    char buffer[4096];
    for (ssize_t got = 0; (got = recv(fd, buffer, sizeof(buffer), 0)) > 0;) {
      answer.append(buffer, static_cast<std::size_t>(got));
    }
  }
  close(fd);
  return answer;
}

ZookeeperEnsemble::ZookeeperEnsemble() {
  const std::vector<int> ports = FreePorts(3 * kSize);
  std::string lines;
  for (std::size_t i = 0; i < kSize; ++i) {
    lines += "server." + std::to_string(i + 1) + "=127.0.0.1:" + std::to_string(ports[3 * i + 1]) +
             ":" + std::to_string(ports[3 * i + 2]) + "\n";
  }
  for (std::size_t i = 0; i < kSize; ++i) {
    servers_.emplace_back(new ZookeeperServer(ports[3 * i], lines, static_cast<int>(i) + 1));
    servers_.back()->Start();
  }
  for (const auto& server : servers_) server->AwaitAnswer();
}

std::string ZookeeperEnsemble::uri(const std::string& root) const {
  std::string servers;
  for (const auto& server : servers_) {
    servers += (servers.empty() ? "" : ",") + ("127.0.0.1:" + std::to_string(server->port()));
  }
  return "zk://" + servers + "/" + root;
}

std::optional<int> ZookeeperEnsemble::Leader() const {
  for (int i = 0; i < kSize; ++i) {
    if (servers_[static_cast<std::size_t>(i)]->Ask("srvr").contains("Mode: leader")) return i;
  }
  return std::nullopt;
}

}  // namespace quire::testing
