#include "bookie/write_cache_halves.h"

#include <algorithm>
#include <utility>

#include "common/check.h"

namespace quire::bookie {

using protocol::EntryId;
using protocol::EntryRun;
using protocol::LedgerId;

std::optional<std::string_view> CacheHalves::Find(LedgerId ledger, EntryId entry) const {
  if (const auto found = active_->Find(ledger, entry)) return found;
  return frozen_->Find(ledger, entry);
}

std::vector<EntryRun> CacheHalves::Runs(LedgerId ledger, EntryId from) const {
  std::vector<EntryRun> runs;
  for (const auto& half : {frozen_, active_}) {
    const LedgerEntries* entries = half->FindLedger(ledger);
    if (entries == nullptr) continue;
    const std::size_t others = runs.size();
    entries->ForEachFrom(from, [&](const CachedEntry& entry) {
      const bool joins = runs.size() > others && runs.back().first + runs.back().count == entry.id;
      if (joins) {
        ++runs.back().count;
      } else {
        runs.push_back({.first = entry.id, .count = 1});
      }
    });
  }
  std::ranges::sort(runs);
  return runs;
}

void CacheHalves::Forget(LedgerId ledger) {
  active_->Forget(ledger);
  frozen_->Forget(ledger);
}

void CacheHalves::Freeze() {
  QUIRE_CHECK(!has_frozen_);
  has_frozen_ = true;
  std::swap(active_, frozen_);
}

WriteCache::Ledgers CacheHalves::Release() {
  QUIRE_CHECK(has_frozen_);
  has_frozen_ = false;
  return frozen_->Clear();
}

}  // namespace quire::bookie
