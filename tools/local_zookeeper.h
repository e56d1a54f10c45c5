#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/error.h"
#include "tools/child_process.h"

namespace quire::tools {

// A real ZooKeeper server of Debian's package on a free loopback port, its data and its log below
// one directory. It can be started again over the same data. For development and tests. Main
// thread.
class LocalZookeeper {
 public:
  // Returns when the server answers. kUnsupported names the package that is missing, kIo says what
  // happened and where the log is.
  static common::Result<std::unique_ptr<LocalZookeeper>> Start(const std::string& directory);

  int port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  const std::string& log_file() const { return log_file_; }
  ChildProcess& process() { return process_; }

 private:
  LocalZookeeper(ChildProcess process, int port, std::string log_file)
      : process_(std::move(process)), port_(port), log_file_(std::move(log_file)) {}

  ChildProcess process_;
  const int port_;
  const std::string log_file_;
};

}  // namespace quire::tools
