#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "client/client.h"
#include "common/error.h"

namespace quire::testing {

struct LocalClusterOptions {
  int bookies = 3;
};

// A whole cluster in the calling process, for an application's own tests: metadata in memory, real
// bookies with real journals on free loopback ports, data in a temporary directory that is removed
// at the end. Starts in a fraction of a second. Used from one thread at a time; the clients it
// makes are thread-safe and must be gone before it.
class LocalCluster {
 public:
  static common::Result<std::unique_ptr<LocalCluster>> Start(const LocalClusterOptions& options);
  ~LocalCluster();
  LocalCluster(const LocalCluster&) = delete;
  LocalCluster& operator=(const LocalCluster&) = delete;

  common::Result<std::unique_ptr<client::Client>> NewClient();

  // Ends a bookie as a crash would: nothing is flushed, what it acknowledged is in its journal. The
  // first is 0. Without effect when it does not run.
  void StopBookie(std::size_t bookie);
  // Starts it again over its data, at another port. Without effect when it runs.
  common::Result<void> StartBookie(std::size_t bookie);

  std::size_t size() const { return bookies_.size(); }
  protocol::BookieId bookie_id(std::size_t bookie) const;
  // "127.0.0.1:port"; empty while it does not run.
  std::string bookie_address(std::size_t bookie) const;

 private:
  class Bookie;
  class Metadata;

  LocalCluster();

  std::string directory_;
  std::unique_ptr<Metadata> metadata_;
  std::vector<std::unique_ptr<Bookie>> bookies_;
};

}  // namespace quire::testing
