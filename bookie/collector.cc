#include "bookie/collector.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "metadata/registry.h"

namespace quire::bookie {

using common::Errc;
using metadata::VersionedLedger;
using protocol::LedgerId;

namespace {

std::string Minutes(common::Duration duration) {
  return std::to_string(std::chrono::ceil<std::chrono::minutes>(duration).count()) + " minutes";
}

}  // namespace

Collector::Collector(Environment environment, CollectorOptions options)
    : environment_(std::move(environment)), options_(options), slices_(environment_.loop) {}

Collector::~Collector() {
  if (timer_ != 0) environment_.loop.Cancel(timer_);
}

void Collector::Start() {
  Schedule();
}

void Collector::Schedule() {
  const auto wait = std::exchange(again_, false) ? common::Duration{} : options_.interval;
  timer_ = environment_.loop.After(wait, [this] {
    timer_ = 0;
    CheckInstance();
  });
}

void Collector::Trigger() {
  again_ = true;
  if (timer_ == 0) return;
  environment_.loop.Cancel(timer_);
  Schedule();
}

std::size_t Collector::Consent() {
  consented_ = held_back_;
  if (!consented_.empty()) {
    environment_.log.Warning("an operator consents: the next round of space collection drops " +
                             std::to_string(consented_.size()) + " ledgers that were held back");
    Trigger();
  }
  return consented_.size();
}

CollectionStats Collector::stats() const {
  CollectionStats stats = stats_;
  stats.held_back = held_back_.size();
  stats.consented = consented_.size();
  return stats;
}

void Collector::CheckInstance() {
  if (environment_.shard.mode() == ShardMode::kFailed) return;
  metadata::ReadInstance(environment_.metadata, [this, alive = std::weak_ptr(alive_)](
                                                    common::Result<protocol::InstanceId> instance) {
    if (alive.expired()) return;
    if (instance && *instance == environment_.instance) return BeginRound();
    const bool other = instance || instance.error().code() == Errc::kWrongInstance;
    if (other) stats_.believed = false;
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
  slices_.Run(
      kListing, [this] { return environment_.shard.Step(round_.walk); }, [this] { Listed(); });
}

void Collector::Listed() {
  round_.holding = round_.walk.there.size();
  AskMore();
}

void Collector::AskMore() {
  while (!round_.broken && round_.in_flight < options_.reads_in_flight) {
    // Of those that were dropped before, the record may still be there to purge.
    if (!AskNext(round_.walk.there, false) && !AskNext(round_.walk.deleted, true)) break;
  }
  if (round_.in_flight == 0) EndRound();
}

bool Collector::AskNext(std::vector<LedgerId>& ledgers, bool dropped) {
  if (ledgers.empty()) return false;
  const LedgerId ledger = ledgers.back();
  ledgers.pop_back();
  ++round_.in_flight;
  environment_.ledgers.ReadEvenDeleted(ledger, [this, alive = std::weak_ptr(alive_), ledger,
                                                dropped](common::Result<VersionedLedger> record) {
    if (alive.expired()) return;
    --round_.in_flight;
    Answered(ledger, dropped, std::move(record));
    AskMore();
  });
  return true;
}

void Collector::Answered(LedgerId ledger, bool dropped, common::Result<VersionedLedger> record) {
  const bool absent = !record && record.error().code() == Errc::kNoSuchLedger;
  if (!record && !absent) {
    const Errc code = record.error().code();
    if (code == Errc::kCorrupt || code == Errc::kUnsupported) {
      if (!dropped) Kept(ledger);  // a damaged record keeps its own ledger only
    } else {
      round_.broken = true;
    }
    return;
  }
  if (dropped) {
    if (absent) {
      round_.purged.push_back(ledger);
    } else {
      Deleted(ledger, *record);
    }
    return;
  }
  ++round_.asked;
  if (absent && !condemned_.contains(ledger)) {
    round_.absent.insert(ledger);
  } else if (absent || (record->value->state == metadata::LedgerState::kDeleted &&
                        environment_.shard.HasKey(ledger, record->value->key))) {
    condemned_.insert(ledger);
  } else {
    Kept(ledger);
  }
}

void Collector::Kept(LedgerId ledger) {
  condemned_.erase(ledger);
  consented_.erase(ledger);
  held_back_.erase(ledger);
  absent_since_.erase(ledger);
}

// Removes the record of a deleted ledger when it is old enough. Several bookies try; one wins.
void Collector::Deleted(LedgerId ledger, const VersionedLedger& record) {
  if (record.value->state != metadata::LedgerState::kDeleted) return;
  const auto grace = std::max(options_.purge_grace, 2 * options_.interval);
  const auto age = std::chrono::milliseconds(environment_.wall_ms() - record.value->deleted_ms);
  if (age <= grace || !environment_.shard.HasKey(ledger, record.value->key)) return;
  environment_.ledgers.Purge(ledger, record.version, [](const common::Result<void>&) {});
}

void Collector::EndRound() {
  ++stats_.rounds;
  const std::size_t share = round_.holding * options_.max_drop_percent / 100;
  JudgeAbsent(share);
  const bool never = options_.max_drop_percent == 0;
  round_.allowance = never ? 0 : std::max(options_.always_droppable, share);
  round_.left = stats_.believed ? round_.allowance : 0;
  round_.consented = std::exchange(consented_, {});
  // An absence that nobody would believe is no purge either.
  if (!stats_.believed || round_.broken) round_.purged.clear();
  slices_.Run(
      kDropping, [this] { return SettleNext(); },
      [this] { slices_.Run(kDropping, [this] { return DropNext(); }, [this] { Dropped(); }); });
}

bool Collector::SettleNext() {
  if (round_.purged.empty()) return false;
  const LedgerId ledger = round_.purged.back();
  round_.purged.pop_back();
  environment_.shard.Settle(ledger);  // or the next round asks again
  return true;
}

// A round that was cut short has asked too few to judge what is missing.
void Collector::JudgeAbsent(std::size_t share) {
  if (round_.broken) return;
  const common::TimePoint now = environment_.loop.Now();
  for (const LedgerId ledger : round_.absent) absent_since_.try_emplace(ledger, now);
  std::erase_if(absent_since_, [this](const auto& since) {  // dropped, or it said deleted meanwhile
    return !round_.absent.contains(since.first);
  });
  stats_.missing = round_.absent.size();
  const bool all = !round_.absent.empty() && round_.absent.size() == round_.asked;
  stats_.believed = round_.absent.size() <= share && !all;
  if (stats_.believed) {
    warned_ = false;
  } else if (!std::exchange(warned_, true)) {
    environment_.log.Warning(
        "space collection stands still: the metadata store does not have " +
        std::to_string(stats_.missing) + " of " + std::to_string(round_.holding) +
        " ledgers stored here, and no more than " + std::to_string(share) +
        " may be missing. Nothing is deleted. If the store was emptied, restored from an old copy "
        "or is a wrong one, put that right. If the ledgers are gone for good, POST "
        "/collection/consent " +
        Minutes(options_.absence_interval) + " from now");
  }
}

// The next that may go by the evidence, whatever the number; first what the metadata store says
// itself.
std::optional<LedgerId> Collector::NextDue() {
  auto& last = round_.looked_at;
  if (!round_.condemned_done) {
    const auto next = last ? condemned_.upper_bound(*last) : condemned_.begin();
    if (next != condemned_.end()) return last = *next;
    round_.condemned_done = true;
    last.reset();
  }
  if (round_.broken) return std::nullopt;
  const common::TimePoint now = environment_.loop.Now();
  const auto wait = std::max(options_.absence_interval, options_.interval);
  auto next = last ? absent_since_.upper_bound(*last) : absent_since_.begin();
  while (next != absent_since_.end() && now - next->second < wait) ++next;
  return next == absent_since_.end() ? std::nullopt : last = next->first;
}

bool Collector::DropNext() {
  const auto due = NextDue();
  if (!due) return false;
  const LedgerId ledger = *due;
  if (round_.consented.erase(ledger) == 0) {
    if (round_.left == 0) {
      held_back_.insert(ledger);
      return true;
    }
    --round_.left;
  }
  environment_.shard.Bury(ledger);
  ++round_.dropped;
  held_back_.erase(ledger);
  absent_since_.erase(ledger);
  condemned_.erase(ledger);
  return true;
}

void Collector::Dropped() {
  if (round_.dropped > 0) environment_.shard.GiveBack();
  if (round_.broken) consented_.merge(round_.consented);  // the next round asks again
  stats_.dropped += round_.dropped;
  if (round_.dropped > 0) {
    environment_.log.Info("collected the space of " + std::to_string(round_.dropped) +
                          " deleted ledgers");
  }
  Schedule();
  if (held_back_.empty()) return;
  environment_.log.Warning(
      std::to_string(held_back_.size()) + " ledgers may go and are held back: " +
      (stats_.believed && round_.allowance == 0 ? "nothing goes without consent. To let them go"
       : stats_.believed ? "a round takes no more than " + std::to_string(round_.allowance) +
                               ", the rest goes with the next ones. To let them go now"
                         : "the metadata store lost too many to be believed. If they are gone for "
                           "good") +
      ", POST /collection/consent");
}

}  // namespace quire::bookie
