#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/error.h"
#include "tools/child_process.h"
#include "tools/local_zookeeper.h"
#include "tools/stop_signals.h"

namespace quire::tools {

// A development cluster of real processes on this machine: one ZooKeeper and N `bookie` daemons on
// loopback ports, their data and logs below one directory, which can be used again later.
// Everything ends with this object, and with the process that made it however that ends. Main
// thread.
class DevCluster {
 public:
  struct Options {
    std::string directory;  // created; must not be in use by another cluster
    int bookies = 3;
    std::vector<std::string> bookie_flags;  // of each, beside where it is and what it serves
  };

  struct Bookie {
    std::string directory;
    std::string log_file;
    std::string address;
    std::string id;  // 32 hexadecimal digits
    ChildProcess process;
    bool told = false;  // its end was reported
  };

  // Returns when all of them are ready. A stop signal ends the start with kShutdown.
  static common::Result<std::unique_ptr<DevCluster>> Start(const Options& options,
                                                           StopSignals& signals);
  // SIGTERM, and SIGKILL after a bound: bookies first.
  ~DevCluster();
  DevCluster(const DevCluster&) = delete;
  DevCluster& operator=(const DevCluster&) = delete;

  const std::string& uri() const { return uri_; }
  const std::vector<Bookie>& bookies() const { return bookies_; }
  pid_t zookeeper_pid() const { return zookeeper_->process().pid(); }

  // One line for each process that has ended since the last call.
  std::vector<std::string> TakeDeaths();

 private:
  explicit DevCluster(std::string directory) : directory_(std::move(directory)) {}

  common::Result<void> Lock();
  common::Result<void> StartBookie(int number, const std::vector<std::string>& flags);
  common::Result<void> AwaitReady(Bookie& bookie, StopSignals& signals);

  const std::string directory_;
  int lock_ = -1;
  std::string uri_;
  std::unique_ptr<LocalZookeeper> zookeeper_;
  bool zookeeper_told_ = false;
  std::vector<Bookie> bookies_;
};

}  // namespace quire::tools
