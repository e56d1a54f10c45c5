#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "bookie/log.h"
#include "bookie/shard.h"
#include "common/loop.h"
#include "metadata/ledger_store.h"
#include "metadata/metadata_store.h"
#include "protocol/uuid.h"

namespace quire::bookie {

struct CollectorOptions {
  common::Duration interval = std::chrono::seconds(600);
  // The record of a deleted ledger stays so long after the deletion, so that every bookie sees it;
  // at least two intervals are kept.
  common::Duration purge_grace = std::chrono::hours(1);
  std::size_t reads_in_flight = 32;
};

// Gives back the space of deleted ledgers. Every interval it asks the metadata store, linearizably,
// for each ledger of the shard (T-29, T-30). A record that says deleted is reason enough to bury
// the ledger; a missing record must be seen twice, an interval apart; everything else keeps it. A
// metadata store that seems to have lost most ledgers, or is that of another cluster, is not
// believed at all. Loop thread only.
class Collector {
 public:
  // Milliseconds since 1970.
  using WallClock = std::function<std::int64_t()>;

  struct Environment {
    common::Loop& loop;
    Shard& shard;
    metadata::MetadataStore& metadata;
    metadata::LedgerStore& ledgers;
    protocol::InstanceId instance;
    WallClock wall_ms;
    Log log;
  };

  Collector(Environment environment, CollectorOptions options);
  ~Collector();
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  // The first round begins after one interval.
  void Start();

 private:
  // What one round has found out.
  struct Round {
    std::deque<protocol::LedgerId> to_ask;
    std::size_t in_flight = 0;
    std::size_t asked = 0;  // ledgers that hold something, answered
    // Of them, those not in limbo, and how many of these have no record.
    std::size_t asked_settled = 0;
    std::size_t absent_settled = 0;
    bool broken = false;  // the metadata store failed: the rest is not asked
    std::vector<protocol::LedgerId> deleted;
    std::set<protocol::LedgerId> absent;
    std::set<protocol::LedgerId> present;
  };

  void Schedule();
  void CheckInstance();
  void BeginRound();
  void AskMore();
  void Answered(protocol::LedgerId ledger, common::Result<metadata::VersionedLedger> record);
  void Deleted(protocol::LedgerId ledger, const metadata::VersionedLedger& record);
  void EndRound();
  bool Unbelievable() const;

  const Environment environment_;
  const CollectorOptions options_;
  // Loop thread.
  common::Loop::TimerId timer_ = 0;
  bool first_round_ = true;
  bool warned_ = false;  // of a metadata store not believed; once until it is again
  Round round_;
  std::map<protocol::LedgerId, common::TimePoint> absent_since_;
  // Buried here, and their record may still be there to purge.
  std::set<protocol::LedgerId> to_purge_;
  const std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace quire::bookie
