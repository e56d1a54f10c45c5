#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bookie/collector.h"
#include "bookie/log_stderr.h"
#include "bookie/shard_options.h"
#include "common/loop.h"

namespace quire::bookie {

// Where operators and their tools look in.
struct HttpOptions {
  std::string host = "127.0.0.1";      // numeric
  std::uint16_t port = 0;              // 0: any free one
  bool control_from_anywhere = false;  // else only clients on this machine may POST
};

struct DaemonOptions {
  std::vector<std::string> directories;   // each a bookie of its own
  std::string listen_host = "127.0.0.1";  // numeric
  std::uint16_t listen_port = 0;          // 0: any free one
  std::string advertise_host;             // empty: listen_host
  std::uint16_t advertise_port = 0;       // 0: the port that is listened on
  std::optional<HttpOptions> http = {};   // none: no HTTP
  StderrLog* log = nullptr;               // that /log turns up and down; null: there is none
  ShardOptions shard;                     // of every directory; the index path is filled in
  CollectorOptions collector;
  // Of the directories: an empty one that was a bookie before becomes a new one. For one start, by
  // somebody who knows that its disk is lost and not only unmounted.
  std::vector<std::string> rejoin = {};
  // How long a start waits for the metadata store before it gives up, and how long for the end of
  // the session in which another daemon has registered one of its bookies. That of a daemon that
  // died lasts its time-out, 10 s, and once more when ZooKeeper elects a leader in between.
  common::Duration metadata_wait = std::chrono::seconds(30);
  int reader_threads = 2;  // of a directory
  // Of the whole process; bookie/memory_budget.h shares it out. 0: 512 MiB for each directory.
  std::uint64_t memory_bytes = 0;
  // Fewer where the memory is too little for so many.
  std::size_t max_connections = 4096;
  // A client that does not take its replies or does not end a frame is given up after so long.
  common::Duration stall_limit = std::chrono::seconds(60);
  Storage storage = RealStorage();

  std::string advertised_host() const {
    return advertise_host.empty() ? listen_host : advertise_host;
  }
};

}  // namespace quire::bookie
