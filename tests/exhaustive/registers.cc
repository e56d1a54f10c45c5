#include "tests/exhaustive/registers.h"

#include <memory>
#include <utility>

#include "common/check.h"

namespace quire::exhaustive {

using metadata::LedgerMetadata;
using metadata::VersionedLedger;

protocol::BookieId BookieName(int n) {
  const auto number = static_cast<std::uint64_t>(n) + 1;
  return {.high = number << 56, .low = number};
}

int BookieNumber(const protocol::BookieId& name) {
  return static_cast<int>(name.low) - 1;
}

Registers::Registers(const Configuration& configuration) {
  LedgerMetadata ledger;
  ledger.id = protocol::LedgerId(7);
  ledger.key = {.high = 1, .low = 2};
  ledger.replication = configuration.replication;
  metadata::Ensemble& ensemble = ledger.segments[protocol::EntryId(0)];
  for (int i = 0; i < configuration.replication.ensemble; ++i) ensemble.push_back(BookieName(i));
  QUIRE_CHECK(ledger.Check().has_value());
  IdOf({std::make_shared<const LedgerMetadata>(std::move(ledger)), {0}});
}

RecordId Registers::IdOf(const VersionedLedger& ledger) {
  const std::string key =
      std::to_string(ledger.version.value) + ' ' + metadata::EncodeLedger(*ledger.value);
  const auto [place, fresh] = by_value_.try_emplace(key, static_cast<RecordId>(all_.size()));
  if (fresh) {
    QUIRE_CHECK(all_.size() < 0x8000);
    all_.push_back(ledger);
  }
  return place->second;
}

std::string Registers::ToString(RecordId id) const {
  const VersionedLedger& ledger = At(id);
  std::string text = "version " + std::to_string(ledger.version.value) + ", " +
                     std::string(metadata::StateName(ledger.value->state));
  if (Closed(id)) text += " at " + std::to_string(ledger.value->last_entry.value());
  for (const auto& [first, ensemble] : ledger.value->segments) {
    text += ", from " + std::to_string(first.value()) + " on";
    for (const auto& bookie : ensemble) text += " b" + std::to_string(BookieNumber(bookie));
  }
  return text;
}

Registers::Attempt Registers::Try(const metadata::LedgerUpdate& update, RecordId local) {
  const VersionedLedger from = At(local);
  const auto needed = update.needs(*from.value);
  if (!needed) return {.outcome = MetaOutcome::Failed(needed.error().code())};
  if (!*needed) return {.outcome = MetaOutcome::Snapshot(local)};
  auto next = update.transform(*from.value);
  if (!next) return {.outcome = MetaOutcome::Failed(next.error().code())};
  const auto legal = metadata::CheckTransition(*from.value, *next);
  if (!legal) {
    return {.outcome = MetaOutcome::Failed(legal.error().code()),
            .illegal = legal.error().context()};
  }
  const RecordId id =
      IdOf({std::make_shared<const LedgerMetadata>(*std::move(next)), {from.version.value + 1}});
  return {.swap = true, .outcome = MetaOutcome::Snapshot(id)};
}

}  // namespace quire::exhaustive
