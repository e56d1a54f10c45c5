#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bookie/journal.h"
#include "bookie/ledger_state.h"
#include "bookie/store.h"
#include "bookie/tombstones.h"
#include "protocol/ids.h"

namespace quire::bookie {

// The one object of a ledger on a bookie (T-05): its state, and what is known of it only while the
// process lives.
struct LedgerRecord {
  LedgerState state;
  // The fence record or tombstone that shut the ledger to writers; 0 when it was durable before
  // this process served. Answers to fencing requests wait for it (T-03).
  Lsn shut_lsn = 0;
  bool changed = false;  // since the last commit

  // The entry goes to the store. Whether that may hold a copy of it: of an id above all that were
  // ever stored it has none.
  Copies NoteStored(protocol::EntryId entry) {
    if (entry <= state.last_entry) return Copies::kPerhaps;
    state.last_entry = entry;
    return Copies::kNone;
  }
};

// A look at all ledgers but the settled ones, a part of them at a time. Good for one walk.
struct LedgerWalk {
  // Not in order. One that was made or deleted during the walk is in one of them or in none.
  std::vector<protocol::LedgerId> there;
  std::vector<protocol::LedgerId> deleted;

  // The table's.
  std::size_t buckets = 0;
  std::size_t next_bucket = 0;
};

// All ledgers of a shard. A deleted one has a record until nobody in the cluster knows it any more;
// then it is settled, and of its tombstone only the id is kept, for ever (T-28). Loop thread only
// (before it serves: the thread that opens the shard).
class LedgerTable {
 public:
  LedgerTable() = default;
  LedgerTable(const LedgerTable&) = delete;
  LedgerTable& operator=(const LedgerTable&) = delete;

  // What the index had when it was opened, and its limbo floor. Once, into an empty table.
  void Load(const Store::LedgerStates& states, Tombstones tombstones = {},
            protocol::LedgerId limbo_floor = {});

  // Null: never heard of it, or settled. The pointer is good until the ledger is settled.
  LedgerRecord* Find(protocol::LedgerId ledger) {
    if (memo_ != nullptr && memo_id_ == ledger) return memo_;  // writers come in runs
    return Look(ledger);
  }

  // What holds for the ledger. Null: never heard of it, which is certain; below the limbo floor
  // nothing is, and who has no record there is fenced and in limbo (T-17).
  const LedgerState* StateOf(protocol::LedgerId ledger) {
    if (const LedgerRecord* record = Find(ledger)) return &record->state;
    if (tombstones_.Contains(ledger)) return &kSettled;
    return ledger < limbo_floor_ ? &kUncertain : nullptr;
  }

  // The one record of the ledger, made if it is not there, as StateOf says; a record without a key
  // gets this one: the first add or fence fixes it (protocol 1.2). Of a settled ledger it is a
  // tombstone again, so that it stays one whoever asks.
  LedgerRecord& Get(protocol::LedgerId ledger, const protocol::LedgerKey& key);

  // Makes a tombstone of the ledger: it holds nothing and takes nothing, for ever (T-28).
  LedgerRecord& Bury(protocol::LedgerId ledger);

  // The tombstone of the ledger was undone. While it held, fences of it were answered and not
  // recorded, and entries may have gone: it is fenced and in limbo. Not a deleted one.
  void PutInLimbo(protocol::LedgerId ledger);

  // The record of a deleted ledger, which the index has as it is, goes.
  void Settle(protocol::LedgerId ledger);

  // The record's state differs from the last commit.
  void Changed(protocol::LedgerId ledger, LedgerRecord& record) {
    if (record.changed) return;
    record.changed = true;
    changed_.push_back(ledger);
  }

  // Copies of the states that changed since the last call, for an index commit.
  std::vector<std::pair<protocol::LedgerId, LedgerState>> TakeChanged();
  // Ledgers that were settled since the last call, for an index commit.
  std::vector<protocol::LedgerId> TakeSettled() { return std::exchange(settled_, {}); }
  const Tombstones& tombstones() const { return tombstones_; }

  // Goes on with the walk by a few ledgers. False: it has seen them all. When the table has grown
  // since the last step, the walk begins anew, with empty lists; that is seldom.
  bool Step(LedgerWalk& walk) const;
  // Deleted ledgers included.
  std::size_t size() const { return records_.size() + tombstones_.size(); }
  // The highest id there is, deleted ledgers included. Looks at all of them.
  std::optional<protocol::LedgerId> Highest() const;

  void set_limbo_floor(protocol::LedgerId floor) { limbo_floor_ = floor; }
  protocol::LedgerId limbo_floor() const { return limbo_floor_; }
  std::uint64_t in_limbo() const { return in_limbo_; }  // records, without the deleted ones

 private:
  static constexpr LedgerState kUncertain{.key = {}, .fenced = true, .limbo = true};
  static constexpr LedgerState kSettled{.key = {}, .deleted = true};

  LedgerRecord* Look(protocol::LedgerId ledger);

  std::unordered_map<protocol::LedgerId, LedgerRecord> records_;
  std::vector<protocol::LedgerId> changed_;
  Tombstones tombstones_;
  std::vector<protocol::LedgerId> settled_;
  protocol::LedgerId limbo_floor_;
  std::uint64_t in_limbo_ = 0;
  protocol::LedgerId memo_id_;
  LedgerRecord* memo_ = nullptr;
};

}  // namespace quire::bookie
