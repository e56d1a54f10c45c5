#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/error.h"

namespace quire::tools {

// A process that cannot outlive its parent: the kernel kills it (SIGKILL) when the thread that
// started it ends, however that ends, so start it from the main thread. It has a process group of
// its own, so that a Ctrl-C at the terminal reaches the parent only, which then ends it in order.
class ChildProcess {
 public:
  // File descriptors that become the child's standard ones; -1: /dev/null. They stay the caller's.
  struct Streams {
    int in = -1;
    int out = -1;
    int err = -1;
  };

  // argv[0] is a path, or a name to look for on PATH. kIo when it cannot be executed.
  static common::Result<ChildProcess> Start(const std::vector<std::string>& argv, Streams streams);

  // Ends the child with SIGKILL if it still runs.
  ~ChildProcess();
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;

  pid_t pid() const { return pid_; }

  // Takes note of its end if that has come. True while it runs.
  bool Running();
  // Waits; nullopt when it still runs after `at_most`.
  std::optional<int> Wait(std::chrono::milliseconds at_most);
  // As waitpid reports it; only after its end.
  int status() const { return *status_; }

  void Signal(int number) const;
  // SIGTERM, and SIGKILL when it has not ended within `grace`.
  void Stop(std::chrono::milliseconds grace);

 private:
  explicit ChildProcess(pid_t pid) : pid_(pid) {}

  pid_t pid_ = -1;
  std::optional<int> status_;
};

// "exit status 3", "killed by signal 9 (Killed)".
std::string DescribeStatus(int status);

}  // namespace quire::tools
