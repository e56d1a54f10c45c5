#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "rpc/asio_loop.h"
#include "tests/scale/many_ledgers.h"
#include "tests/support/bookie_process.h"
#include "tests/support/zookeeper_server.h"

namespace quire::scale {

struct Memory {
  std::uint64_t resident = 0;  // bytes
  std::uint64_t peak = 0;
};

// One real bookie over a real ZooKeeper, with many ledgers. Main thread.
class ScaleRun {
 public:
  struct Options {
    Filling filling;
    std::string directory;           // empty: a temporary one
    std::vector<std::string> flags;  // of the bookie
  };

  explicit ScaleRun(Options options);

  // Each gives how long it took, in seconds.
  double Fill();
  double Stop();   // cleanly; ends the process when that fails
  double Start();  // from the start of the process to its ready line
  // From now until the log has one more line with this in it.
  double AwaitLog(const std::string& text);

  Memory MemoryNow() const;
  // Reads `samples` entries of ledgers all over, and asks for ledgers that never were. The number
  // of answers that are wrong.
  std::int64_t Check(std::int64_t samples);
  // GET on the bookie's HTTP port; seconds until the answer was complete, and its text.
  double Get(const std::string& page, std::string& text);
  std::string log() const { return bookie_->log(); }

 private:
  const Options options_;
  testing::ZookeeperServer zookeeper_;
  rpc::AsioLoop loop_{"scale"};
  std::unique_ptr<testing::BookieProcess> bookie_;
};

}  // namespace quire::scale
