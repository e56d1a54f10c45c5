#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "bookie/collector.h"
#include "bookie/shard_options.h"
#include "common/loop.h"

namespace quire::bookie {

struct DaemonOptions {
  std::vector<std::string> directories;   // each a bookie of its own
  std::string listen_host = "127.0.0.1";  // numeric
  std::uint16_t listen_port = 0;          // 0: any free one
  std::string advertise_host;             // empty: listen_host
  std::uint16_t advertise_port = 0;       // 0: the port that is listened on
  ShardOptions shard;                     // of every directory; the index path is filled in
  CollectorOptions collector;
  // How long a start waits for the metadata store before it gives up.
  common::Duration metadata_wait = std::chrono::seconds(30);
  int reader_threads = 2;  // of a directory
  Storage storage = RealStorage();
};

}  // namespace quire::bookie
