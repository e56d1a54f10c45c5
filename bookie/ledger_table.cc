#include "bookie/ledger_table.h"

#include <algorithm>
#include <utility>

#include "common/check.h"

namespace quire::bookie {

using protocol::LedgerId;

void LedgerTable::Load(const Store::LedgerStates& states, Tombstones tombstones,
                       LedgerId limbo_floor) {
  QUIRE_CHECK(records_.empty());
  tombstones_ = std::move(tombstones);
  limbo_floor_ = limbo_floor;
  records_.reserve(states.size());
  for (const auto& [ledger, state] : states) {
    records_.emplace(ledger, LedgerRecord{.state = state});
    in_limbo_ += state.limbo && !state.deleted ? 1 : 0;
  }
}

LedgerRecord* LedgerTable::Look(LedgerId ledger) {
  const auto found = records_.find(ledger);
  if (found == records_.end()) return nullptr;
  memo_id_ = ledger;
  memo_ = &found->second;
  return memo_;
}

LedgerRecord& LedgerTable::Get(LedgerId ledger, const protocol::LedgerKey& key) {
  LedgerRecord* record = Find(ledger);
  if (record == nullptr) {
    record = &records_.try_emplace(ledger).first->second;
    if (tombstones_.Contains(ledger)) {
      record->state = kSettled;
    } else if (ledger < limbo_floor_) {
      record->state = kUncertain;
      ++in_limbo_;
    }
    memo_id_ = ledger;
    memo_ = record;
    Changed(ledger, *record);
  }
  if (record->state.key.is_nil() && !key.is_nil()) {
    record->state.key = key;
    Changed(ledger, *record);
  }
  return *record;
}

LedgerRecord& LedgerTable::Bury(LedgerId ledger) {
  LedgerRecord& record = Get(ledger, {});
  in_limbo_ -= record.state.limbo && !record.state.deleted ? 1 : 0;
  record.state.deleted = true;
  record.state.last_entry = protocol::kNoEntry;
  record.state.lac = protocol::kNoEntry;
  Changed(ledger, record);
  return record;
}

void LedgerTable::PutInLimbo(LedgerId ledger) {
  LedgerRecord& record = Get(ledger, {});
  if (record.state.deleted) return;
  in_limbo_ += record.state.limbo ? 0 : 1;
  record.state.fenced = true;
  record.state.limbo = true;
  Changed(ledger, record);
}

void LedgerTable::Settle(LedgerId ledger) {
  const auto found = records_.find(ledger);
  QUIRE_CHECK(found != records_.end() && found->second.state.deleted && !found->second.changed);
  if (memo_ == &found->second) memo_ = nullptr;
  records_.erase(found);
  tombstones_.Insert(ledger);
  settled_.push_back(ledger);
}

std::vector<std::pair<LedgerId, LedgerState>> LedgerTable::TakeChanged() {
  std::vector<std::pair<LedgerId, LedgerState>> states;
  states.reserve(changed_.size());
  for (const LedgerId ledger : changed_) {
    LedgerRecord& record = records_.at(ledger);
    record.changed = false;
    states.emplace_back(ledger, record.state);
  }
  changed_.clear();
  return states;
}

bool LedgerTable::Step(LedgerWalk& walk) const {
  if (walk.buckets != records_.bucket_count()) {
    walk = {};
    walk.buckets = records_.bucket_count();
    walk.there.reserve(records_.size());
  }
  if (walk.next_bucket == walk.buckets) return false;
  const std::size_t bucket = walk.next_bucket++;
  for (auto it = records_.begin(bucket); it != records_.end(bucket); ++it) {
    const auto& [ledger, record] = *it;
    (record.state.deleted ? walk.deleted : walk.there).push_back(ledger);
  }
  return true;
}

std::optional<LedgerId> LedgerTable::Highest() const {
  std::optional<LedgerId> highest = tombstones_.Highest();
  for (const auto& [ledger, record] : records_) highest = std::max(highest, std::optional(ledger));
  return highest;
}

}  // namespace quire::bookie
