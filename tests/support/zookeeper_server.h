#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quire::testing {

// A real ZooKeeper server, from Debian's package, on a free port of the loopback interface with its
// data in a temporary directory. It ends with this object, and with the thread that started it
// however that ends: start it from the main thread of a test. Ticks are short, so that sessions of
// one second are possible.
class ZookeeperServer {
 public:
  // Returns when the server answers; throws std::runtime_error with its log when it does not.
  ZookeeperServer();
  ~ZookeeperServer();
  ZookeeperServer(const ZookeeperServer&) = delete;
  ZookeeperServer& operator=(const ZookeeperServer&) = delete;

  int port() const { return port_; }
  std::string uri(const std::string& root) const;  // "zk://127.0.0.1:port/root"

  void Kill();     // kill -9; the data stay
  void Restart();  // on the same port and data; returns when it answers
  void Stop();     // SIGSTOP: alive, but says nothing
  void Cont();

  // The answer to a four-letter command; empty when there is none.
  std::string Ask(const std::string& command) const;

 private:
  friend class ZookeeperEnsemble;
  // A member of an ensemble: not started yet.
  ZookeeperServer(int port, std::string ensemble, int id);

  void Start();
  void AwaitAnswer();
  bool Answers() const;

  const std::filesystem::path directory_;
  int port_ = 0;
  const std::string ensemble_;  // lines of the configuration; empty: alone
  const int id_ = 0;
  pid_t process_ = -1;
};

// Three servers that elect a leader.
class ZookeeperEnsemble {
 public:
  static constexpr int kSize = 3;

  // Returns when all answer.
  ZookeeperEnsemble();

  std::string uri(const std::string& root) const;  // names all three
  std::optional<int> Leader() const;
  void Kill(int server) { servers_[static_cast<std::size_t>(server)]->Kill(); }
  void Restart(int server) { servers_[static_cast<std::size_t>(server)]->Restart(); }
  ZookeeperServer& server(int server) { return *servers_[static_cast<std::size_t>(server)]; }

 private:
  std::vector<std::unique_ptr<ZookeeperServer>> servers_;
};

}  // namespace quire::testing
