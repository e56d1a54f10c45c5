#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bookie/collection_stats.h"
#include "bookie/compaction_options.h"
#include "bookie/journal.h"
#include "bookie/log.h"
#include "bookie/metadata_session.h"
#include "bookie/metrics.h"
#include "bookie/scrub_options.h"
#include "bookie/shard_health.h"
#include "bookie/store.h"
#include "protocol/messages.h"
#include "protocol/uuid.h"
#include "rpc/server.h"

namespace quire::bookie {

// Everything there is to know about one bookie at one moment; a copy for other threads.
struct ShardSnapshot {
  protocol::BookieStatus status;
  ShardMode mode = ShardMode::kFailed;
  std::vector<std::string> why;     // it is not writable
  bool registered = false;          // in the metadata store, as far as this process knows
  std::uint64_t registrations = 0;  // nodes made there since the start
  std::uint64_t ballast_bytes = 0;  // set aside now
  std::uint64_t conflicts = 0;
  std::uint64_t journal_last = 0;
  std::uint64_t journal_queued_bytes = 0;
  std::uint64_t limbo_ledgers = 0;    // with entries here
  protocol::LedgerId limbo_floor{0};  // 0: the index was never rebuilt
  std::uint64_t replies_waiting = 0;  // for a sync
  ShardMetrics metrics;
  JournalStats journal;
  StoreStats store;
  std::optional<CompactionStats> compaction;
  std::optional<ScrubStats> scrub;
  std::optional<CollectionStats> collection;
  std::uint64_t reads_waiting = 0;  // for a reader, or with one
  std::uint64_t lookup_bytes = 0;   // of adds that wait to learn if they are duplicates
  std::uint64_t expired = 0;        // look-ups that nobody waited for any more, not carried out
};

// One part of the memory budget.
struct MemoryUse {
  std::string_view name;
  std::uint64_t used = 0;
  std::uint64_t most = 0;
};

// How far the life of a daemon has come.
enum class DaemonPhase {
  kMetadata,     // waits for the metadata store
  kOpening,      // opens directories and replays journals
  kRegistering,  // has its port, and tells the metadata store so
  kServing,
  kStopping,
};

// The same of a whole daemon.
struct DaemonSnapshot {
  DaemonPhase phase = DaemonPhase::kMetadata;
  std::string address;  // advertised; empty before it serves
  protocol::InstanceId instance;
  std::vector<std::string> directories;  // as configured
  std::vector<ShardSnapshot> shards;     // one for each, or none before all are open
  SessionStats session;
  rpc::ServerStats server;
  LogStats log;
  std::uint64_t memory_bytes = 0;  // the whole budget; parts as in bookie/memory_budget.h
  std::vector<MemoryUse> memory;
};

}  // namespace quire::bookie
