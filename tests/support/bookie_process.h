#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "protocol/uuid.h"

namespace quire::testing {

// The real bookie daemon on a free port of the loopback interface, which it keeps. It ends with
// this object, and with the thread that started it however that ends: start it from the main thread
// of a test.
class BookieProcess {
 public:
  struct Options {
    std::string metadata;                  // zk://...
    std::vector<std::string> directories;  // none: one temporary directory, removed at the end
    std::vector<std::string> flags;        // more of them
  };

  // Returns when the bookie is ready; throws std::runtime_error with what it logged when it is not.
  explicit BookieProcess(Options options);
  ~BookieProcess();
  BookieProcess(const BookieProcess&) = delete;
  BookieProcess& operator=(const BookieProcess&) = delete;

  const std::string& address() const { return address_; }
  const std::vector<protocol::BookieId>& bookies() const { return bookies_; }
  const std::vector<std::string>& directories() const { return options_.directories; }
  std::string log() const;  // its standard error so far
  pid_t pid() const { return process_; }

  void Kill();     // kill -9, and waits for the end; the directories stay
  int Term();      // SIGTERM; the exit code, or minus the signal that ended it
  void Restart();  // after Kill or Term: on the same directories, ready again
  void Stop();     // SIGSTOP: alive, but says nothing
  void Cont();

  struct Exit {
    int code;
    std::string log;
  };
  // A start that is expected to be refused.
  static Exit Run(const std::vector<std::string>& flags);

 private:
  void Start();
  std::string AwaitReadyLine(int out);

  const std::filesystem::path scratch_;
  Options options_;
  pid_t process_ = -1;
  std::string address_;
  std::vector<protocol::BookieId> bookies_;
};

}  // namespace quire::testing
