#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "bookie/collection_stats.h"
#include "bookie/log.h"
#include "bookie/shard.h"
#include "common/loop.h"
#include "common/sliced_work.h"
#include "metadata/ledger_store.h"
#include "metadata/metadata_store.h"
#include "protocol/uuid.h"

namespace quire::bookie {

struct CollectorOptions {
  common::Duration interval = std::chrono::seconds(600);
  // The record of a deleted ledger stays so long after the deletion, so that every bookie sees it;
  // at least two intervals are kept.
  common::Duration purge_grace = std::chrono::hours(1);
  // A record must be missing in two rounds so far apart, and in all between. An hour, so that a
  // metadata store that is restored, or an address that is put right, comes before the loss.
  common::Duration absence_interval = std::chrono::hours(1);
  // What may go in one round without an operator's consent, of the ledgers that hold something, and
  // what may be missing of them before the metadata store is not believed. 0: nothing goes without.
  std::uint32_t max_drop_percent = 10;
  // So many that are said to be deleted may go even so, or a bookie with few ledgers could never
  // delete one. Of what is only missing none may: there an emptied store looks the same.
  std::size_t always_droppable = 10;
  std::size_t reads_in_flight = 32;
};

// Gives back the space of deleted ledgers. Every interval it asks the metadata store, linearizably,
// for each ledger of the shard (T-29, T-30). A record that says deleted, of this very ledger by its
// key, is reason enough to bury the ledger; a missing record must be seen twice, absence_interval
// apart; everything else keeps it. At most a share of the ledgers goes in a round: of records that
// say deleted the rest waits for the next rounds, but when more than the share is missing the
// metadata store is a wrong or an emptied one, and nothing goes at all. An operator may consent to
// what is held back. The metadata store of another cluster is not believed at all. The records of
// ledgers that were dropped are purged after a grace time; when they are gone nobody asks again.
//
// However many ledgers there are, nobody waits long for the loop: they are listed, and dropped, a
// slice at a time. A round ends when all that may go are dropped. Loop thread only.
class Collector {
 public:
  // A slice takes the loop some tenths of a millisecond.
  static constexpr common::SlicedWork::Pace kListing{.steps = 5000,
                                                     .pause = std::chrono::milliseconds(4)};
  static constexpr common::SlicedWork::Pace kDropping{.steps = 200,
                                                      .pause = std::chrono::milliseconds(4)};

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
  // A round begins now, or once more when the one under way has ended.
  void Trigger();
  // The next round, which begins now, may drop the ledgers that are held back, however many: those
  // and no others. A round that the metadata store fails leaves it to the next. Gives their number;
  // 0: nothing is held back.
  std::size_t Consent();
  CollectionStats stats() const;

 private:
  using LedgerSet = std::set<protocol::LedgerId>;

  // What one round has found out.
  struct Round {
    LedgerWalk walk;  // what it has listed is to be asked for
    std::size_t in_flight = 0;
    std::size_t holding = 0;  // ledgers that hold something
    std::size_t asked = 0;    // of them, those that were answered for
    bool broken = false;      // the metadata store failed: the rest is not asked
    LedgerSet absent;
    std::vector<protocol::LedgerId> purged;  // dropped before, and their record is gone
    // From here on, of its end.
    std::size_t allowance = 0;  // may be dropped without consent
    std::size_t left = 0;       // of the allowance
    std::size_t dropped = 0;
    LedgerSet consented;
    // The last one looked at whether it is due, first of condemned_, then of absent_since_.
    std::optional<protocol::LedgerId> looked_at;
    bool condemned_done = false;
  };

  void Schedule();
  void CheckInstance();
  void BeginRound();
  void Listed();
  void AskMore();
  bool AskNext(std::vector<protocol::LedgerId>& ledgers, bool dropped);
  void Answered(protocol::LedgerId ledger, bool dropped,
                common::Result<metadata::VersionedLedger> record);
  void Kept(protocol::LedgerId ledger);
  void Deleted(protocol::LedgerId ledger, const metadata::VersionedLedger& record);
  void EndRound();
  void JudgeAbsent(std::size_t share);
  std::optional<protocol::LedgerId> NextDue();
  bool SettleNext();
  bool DropNext();
  void Dropped();

  const Environment environment_;
  const CollectorOptions options_;
  // Loop thread.
  common::Loop::TimerId timer_ = 0;
  bool again_ = false;   // the round under way is to be followed by another at once
  bool warned_ = false;  // of a metadata store not believed; once until it is again
  Round round_;
  CollectionStats stats_;  // but for what the sets below say
  std::map<protocol::LedgerId, common::TimePoint> absent_since_;
  // Their record said deleted, which is final; they wait to be dropped.
  LedgerSet condemned_;
  LedgerSet held_back_;
  LedgerSet consented_;  // of those: to be dropped in the next round
  common::SlicedWork slices_;
  const std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace quire::bookie
