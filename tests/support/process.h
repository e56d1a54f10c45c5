#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tools/child_process.h"

namespace quire::testing {

// A program under test: what it prints is kept, and it ends with this object (and with the test,
// even if that is killed). Made on the test's main thread; deadlines end every wait.
class Process {
 public:
  struct Input {
    std::string bytes;
    bool keep_open =
        false;  // a pipe that Feed goes on with; without it the input ends after `bytes`
  };

  explicit Process(const std::vector<std::string>& argv) : Process(argv, Input{}) {}
  Process(const std::vector<std::string>& argv, const Input& input);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // What it has printed so far.
  std::string out() const;
  std::string err() const;

  void Feed(const std::string& bytes);  // blocks while the pipe is full
  void EndInput();

  // Polls until it holds; false at the deadline or when the process ended without it.
  bool Await(const std::function<bool()>& condition,
             std::chrono::milliseconds at_most = std::chrono::seconds(60));

  // Its exit status; 128 + the signal that killed it; -1 when it still runs at the deadline.
  int Wait(std::chrono::milliseconds at_most = std::chrono::seconds(60));
  void Signal(int number) { child_.Signal(number); }
  bool Running() { return child_.Running(); }
  pid_t pid() const { return child_.pid(); }

 private:
  static tools::ChildProcess Launch(const std::vector<std::string>& argv, int in, int out, int err);

  const int out_;  // files in memory
  const int err_;
  int feed_ = -1;  // the end of the pipe that is ours
  tools::ChildProcess child_;
};

// A directory that goes with this object.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace quire::testing
