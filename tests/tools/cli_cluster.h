#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/process.h"

namespace quire::testing {

// The `quire` command as its users start it.
std::vector<std::string> Quire(std::vector<std::string> arguments);

// `quire cluster up` with real bookies and a real ZooKeeper, and the command against it.
class CliCluster {
 public:
  struct Bookie {
    std::string id;
    std::string address;
    pid_t pid = 0;
  };

  explicit CliCluster(int bookies, std::string directory = "");
  ~CliCluster();
  CliCluster(const CliCluster&) = delete;
  CliCluster& operator=(const CliCluster&) = delete;

  const std::string& uri() const { return uri_; }
  const std::vector<Bookie>& bookies() const { return bookies_; }
  Process& process() { return *process_; }
  const Bookie& BookieOf(const std::string& id) const;
  void KillBookie(const std::string& id) const;

  // A command line against this cluster.
  std::vector<std::string> Command(std::vector<std::string> arguments) const;

  struct Answer {
    int status = -1;
    std::string out;
    std::string err;
  };
  // Runs it to its end.
  Answer Run(std::vector<std::string> arguments, const std::string& input = "") const;

  // The ledger id in the first line of standard output of a write that succeeds.
  std::string Write(const std::string& input, std::vector<std::string> flags = {}) const;
  nlohmann::json Info(const std::string& ledger) const;

 private:
  ScratchDirectory scratch_;
  std::unique_ptr<Process> process_;
  std::string uri_;
  std::vector<Bookie> bookies_;
};

// One that the tests of a binary share, of five bookies; made by the first that asks, gone at the
// end.
CliCluster& SharedCluster();

// Bytes with every value in them, the same for the same seed.
std::string BinaryNoise(std::size_t size, unsigned seed);

// The lines after the first one: acknowledged ids.
std::vector<std::string> AckLines(const std::string& out);

// Exactly one line, of a person's size.
bool IsOneLine(const std::string& text);

}  // namespace quire::testing
