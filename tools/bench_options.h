#pragma once

#include <cstdint>

#include "protocol/quorum.h"

namespace quire::tools {

enum class ReadPattern { kSequential, kRandom, kTail, kCatchUp };

// What a benchmark of a cluster does. Each mode uses some of it.
struct BenchOptions {
  protocol::Replication replication{.ensemble = 3, .write_quorum = 3, .ack_quorum = 2};
  std::int64_t entry_bytes = 1024;
  std::int64_t window = 1000;  // appends in flight, over all ledgers
  double rate = 0;             // appends a second of an open loop; 0: closed loop
  std::int64_t ledgers = 1;
  double roll_seconds = 0;  // until another ledger comes in the place of each; 0: never
  int writers = 1;          // clients, each with a connection and a thread of its own
  int readers = 1;          // threads that read
  ReadPattern pattern = ReadPattern::kSequential;
  std::int64_t batch = 1000;        // entries asked for in one sequential read
  std::int64_t entries = 200000;    // written beforehand, to be read
  std::int64_t unconfirmed = 1000;  // entries above the LAC when the writer is killed
  std::int64_t rounds = 20;         // of a failover
  double seconds = 10;
  double warmup_seconds = 2;
};

}  // namespace quire::tools
