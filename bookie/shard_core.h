#pragma once

#include <initializer_list>
#include <memory>
#include <string_view>

#include "bookie/journal.h"
#include "bookie/ledger_table.h"
#include "bookie/log.h"
#include "bookie/long_polls.h"
#include "bookie/metrics.h"
#include "bookie/pending_replies.h"
#include "bookie/read_queue.h"
#include "bookie/retry_hint.h"
#include "bookie/shard_health.h"
#include "bookie/shard_options.h"
#include "bookie/store.h"
#include "common/loop.h"

namespace quire::bookie {

// What the parts of one shard (adds, reads, checkpoints) work on together. Loop thread only once
// the shard serves.
struct ShardCore {
  ShardCore(common::Loop& shard_loop, const ShardOptions& shard_options, const Log& shard_log,
            std::function<void(ShardMode)> mode_changed)
      : loop(shard_loop),
        options(shard_options),
        log(shard_log),
        polls(shard_loop, shard_options.max_long_polls),
        reads(shard_loop, shard_options.store_reads),
        retry(shard_loop),
        health(std::move(mode_changed)) {}

  // Constant after construction.
  common::Loop& loop;
  const ShardOptions options;
  const Log log;

  // Set when the shard opens.
  std::unique_ptr<Store> store;
  std::unique_ptr<Journal> journal;

  // Loop thread.
  LedgerTable ledgers;
  PendingReplies replies;
  LongPolls polls;
  ReadQueue reads;
  RetryHint retry;
  ShardHealth health;
  ShardMetrics metrics;
  std::uint64_t bytes_since_flush = 0;  // appended to the journal
  bool unkicked = false;                // appended in this turn, not yet told to the journal
  // Gone when the shard is: what comes back from a worker or timer later finds nobody.
  std::shared_ptr<char> alive = std::make_shared<char>();

  Lsn Append(RecordType type, std::initializer_list<std::string_view> parts) {
    for (const std::string_view part : parts) bytes_since_flush += part.size();
    unkicked = true;
    return journal->Append(type, {parts.begin(), parts.size()});
  }

  // Once at the end of each request.
  void Kick() {
    if (unkicked) journal->Kick();
    unkicked = false;
  }
};

}  // namespace quire::bookie
