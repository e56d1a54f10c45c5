#include "bookie/collector.h"

#include <algorithm>
#include <string>
#include <utility>

#include "metadata/registry.h"

namespace quire::bookie {

using common::Errc;
using metadata::VersionedLedger;
using protocol::LedgerId;

namespace {

constexpr std::size_t kFewLedgers = 10;  // so few may all be gone without anything being wrong

}  // namespace

Collector::Collector(Environment environment, CollectorOptions options)
    : environment_(std::move(environment)), options_(options) {}

Collector::~Collector() {
  if (timer_ != 0) environment_.loop.Cancel(timer_);
}

void Collector::Start() {
  Schedule();
}

void Collector::Schedule() {
  timer_ = environment_.loop.After(options_.interval, [this] {
    timer_ = 0;
    CheckInstance();
  });
}

void Collector::CheckInstance() {
  if (environment_.shard.mode() == ShardMode::kFailed) return;
  metadata::ReadInstance(environment_.metadata, [this, alive = std::weak_ptr(alive_)](
                                                    common::Result<protocol::InstanceId> instance) {
    if (alive.expired()) return;
    if (instance && *instance == environment_.instance) return BeginRound();
    const bool other = instance || instance.error().code() == Errc::kWrongInstance;
    if (other && !std::exchange(warned_, true)) {
      environment_.log.Warning(
          "space collection stands still: the metadata store is not that of cluster " +
          ToHex(environment_.instance) +
          " any more. Nothing is deleted; check --metadata and the "
          "ZooKeeper servers");
    }
    Schedule();
  });
}

void Collector::BeginRound() {
  round_ = {};
  if (std::exchange(first_round_, false)) {  // purges that an earlier process did not get to
    const auto buried = environment_.shard.Ledgers(true);
    to_purge_.insert(buried.begin(), buried.end());
  }
  const auto ledgers = environment_.shard.Ledgers(false);
  round_.to_ask.assign(ledgers.begin(), ledgers.end());
  round_.to_ask.insert(round_.to_ask.end(), to_purge_.begin(), to_purge_.end());
  AskMore();
}

void Collector::AskMore() {
  if (round_.broken) round_.to_ask.clear();
  while (!round_.to_ask.empty() && round_.in_flight < options_.reads_in_flight) {
    const LedgerId ledger = round_.to_ask.front();
    round_.to_ask.pop_front();
    ++round_.in_flight;
    environment_.ledgers.ReadEvenDeleted(ledger, [this, alive = std::weak_ptr(alive_),
                                                  ledger](common::Result<VersionedLedger> record) {
      if (alive.expired()) return;
      --round_.in_flight;
      Answered(ledger, std::move(record));
      AskMore();
    });
  }
  if (round_.in_flight == 0 && round_.to_ask.empty()) EndRound();
}

void Collector::Answered(LedgerId ledger, common::Result<VersionedLedger> record) {
  const bool absent = !record && record.error().code() == Errc::kNoSuchLedger;
  if (!record && !absent) {
    const Errc code = record.error().code();
    // One damaged record keeps its own ledger only.
    round_.broken |= code != Errc::kCorrupt && code != Errc::kUnsupported;
    round_.present.insert(ledger);
    return;
  }
  if (to_purge_.contains(ledger)) {
    if (absent) {
      to_purge_.erase(ledger);
    } else {
      Deleted(ledger, *record);
    }
    return;
  }
  // Of those in limbo many may be gone: a rebuilt index has the deleted ones again.
  const bool settled = !environment_.shard.InLimbo(ledger);
  ++round_.asked;
  round_.asked_settled += settled ? 1 : 0;
  if (absent) {
    round_.absent.insert(ledger);
    round_.absent_settled += settled ? 1 : 0;
  } else if (record->value->state == metadata::LedgerState::kDeleted &&
             environment_.shard.HasKey(ledger, record->value->key)) {
    round_.deleted.push_back(ledger);
    Deleted(ledger, *record);
  } else {
    round_.present.insert(ledger);
  }
}

// Removes the record of a deleted ledger when it is old enough. Several bookies try; one wins.
void Collector::Deleted(LedgerId ledger, const VersionedLedger& record) {
  if (record.value->state != metadata::LedgerState::kDeleted) return;
  const auto grace = std::max(options_.purge_grace, 2 * options_.interval);
  const auto age = std::chrono::milliseconds(environment_.wall_ms() - record.value->deleted_ms);
  if (age <= grace || !environment_.shard.HasKey(ledger, record.value->key)) return;
  environment_.ledgers.Purge(ledger, record.version, [](const common::Result<void>&) {});
}

bool Collector::Unbelievable() const {
  return (round_.asked_settled >= kFewLedgers &&
          round_.absent_settled * 2 > round_.asked_settled) ||
         (round_.asked >= kFewLedgers && round_.absent.size() == round_.asked);
}

void Collector::EndRound() {
  const common::TimePoint now = environment_.loop.Now();
  if (Unbelievable()) {
    if (!std::exchange(warned_, true)) {
      environment_.log.Warning(
          "space collection stands still: the metadata store does not have " +
          std::to_string(round_.absent.size()) + " of " + std::to_string(round_.asked) +
          " ledgers stored here. Nothing is deleted; if the store was emptied or "
          "restored from an old copy, restore it");
    }
    absent_since_.clear();
    return Schedule();
  }
  std::size_t dropped = round_.deleted.size();
  for (const LedgerId ledger : round_.deleted) {
    environment_.shard.Drop(ledger);
    to_purge_.insert(ledger);
    absent_since_.erase(ledger);
  }
  for (const LedgerId ledger : round_.present) absent_since_.erase(ledger);
  // A round that was cut short has asked too few to judge what is missing.
  if (round_.broken) round_.absent.clear();
  for (const LedgerId ledger : round_.absent) {
    const auto since = absent_since_.try_emplace(ledger, now).first;
    if (now - since->second < options_.interval) continue;
    environment_.shard.Drop(ledger);
    absent_since_.erase(since);
    ++dropped;
  }
  if (!round_.broken) warned_ = false;
  if (dropped > 0) {
    environment_.log.Info("collected the space of " + std::to_string(dropped) + " deleted ledgers");
  }
  Schedule();
}

}  // namespace quire::bookie
