#include "metadata/ledger_metadata.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace quire::metadata {
namespace {

using common::Errc;
using common::Fail;
using common::Result;
using protocol::EntryId;
using protocol::kNoEntry;

std::unexpected<common::Error> Corrupt(const LedgerMetadata& ledger, const std::string& what) {
  return Fail(Errc::kCorrupt,
              "metadata of ledger " + std::to_string(ledger.id.value()) + ": " + what);
}

Result<void> CheckEnsemble(const LedgerMetadata& ledger, EntryId first, const Ensemble& ensemble) {
  const std::string where = "segment " + std::to_string(first.value());
  if (std::cmp_not_equal(ensemble.size(), ledger.replication.ensemble)) {
    return Corrupt(ledger, where + " has " + std::to_string(ensemble.size()) + " bookies");
  }
  Ensemble sorted = ensemble;
  std::ranges::sort(sorted);
  if (std::ranges::adjacent_find(sorted) != sorted.end()) {
    return Corrupt(ledger, where + " names a bookie twice");
  }
  return {};
}

Result<void> CheckEnd(const LedgerMetadata& ledger) {
  if (ledger.state == LedgerState::kOpen || ledger.state == LedgerState::kInRecovery) {
    if (ledger.last_entry != kNoEntry || ledger.length != 0) {
      return Corrupt(ledger, "has an end but is not closed");
    }
    return {};
  }
  if (ledger.last_entry < kNoEntry || ledger.length < 0) {
    return Corrupt(ledger, "last entry or length is negative");
  }
  // The successor of the largest id does not exist; no ledger gets there.
  if (ledger.last_entry == EntryId(INT64_MAX)) return Corrupt(ledger, "last entry is out of range");
  if (ledger.last_entry == kNoEntry && ledger.length != 0) {
    return Corrupt(ledger, "is empty but has a length");
  }
  // A deleted ledger may have been open: its end is then not known.
  if (ledger.state == LedgerState::kClosed && ledger.LastSegmentFirst() > ledger.last_entry + 1) {
    return Corrupt(ledger, "the last segment begins behind the end");
  }
  return {};
}

// How the segments of one value follow from those of the one before.
struct SegmentRules {
  bool slots = false;         // re-replication: a slot of a segment that takes no more entries
  bool replace_last = false;  // an ensemble change that starts where the last one did
  std::size_t append = 0;     // so many new ones behind the last
  bool both = false;          // may the last one be replaced and others appended in one step?
};

Result<SegmentRules> RulesFor(const LedgerMetadata& from, const LedgerMetadata& to) {
  using enum LedgerState;
  constexpr std::size_t kAny = SIZE_MAX;
  if (from.state == kDeleted) return Corrupt(from, "is deleted and cannot change");
  if (to.state == kDeleted) return SegmentRules{};
  if (from.state == kOpen && to.state == kOpen) return SegmentRules{true, true, 1, false};
  if (from.state == kOpen && to.state == kInRecovery) return SegmentRules{};
  if (from.state == kOpen && to.state == kClosed) return SegmentRules{};
  if (from.state == kInRecovery && to.state == kInRecovery)
    return SegmentRules{true, false, 0, false};
  if (from.state == kInRecovery && to.state == kClosed)
    return SegmentRules{false, true, kAny, true};
  if (from.state == kClosed && to.state == kClosed) return SegmentRules{true, false, 0, false};
  return Corrupt(from, "cannot go from " + std::string(StateName(from.state)) + " to " +
                           std::string(StateName(to.state)));
}

std::size_t Differences(const Ensemble& a, const Ensemble& b) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) count += a[i] != b[i] ? 1 : 0;
  return count;
}

Result<void> CheckSegments(const LedgerMetadata& from, const LedgerMetadata& to,
                           const SegmentRules& rules) {
  const bool grows = to.segments.size() > from.segments.size();
  const bool replace_last = rules.replace_last && (rules.both || !grows);
  auto next = to.segments.begin();
  for (const auto& [first, ensemble] : from.segments) {
    if (next == to.segments.end() || next->first != first) {
      return Corrupt(from, "segment " + std::to_string(first.value()) + " is lost");
    }
    const std::size_t changed = Differences(ensemble, next->second);
    const bool last = first == from.LastSegmentFirst();
    // The last segment is fixed only once no recovery can replace it: when the ledger is closed, or
    // when another follows it.
    const bool fixed = !last || from.state == LedgerState::kClosed;
    const bool allowed = (last && replace_last) || (fixed && rules.slots && changed == 1);
    if (changed != 0 && !allowed) {
      return Corrupt(from, "segment " + std::to_string(first.value()) + " must not change so");
    }
    ++next;
  }
  const auto appended = static_cast<std::size_t>(std::distance(next, to.segments.end()));
  if (appended > rules.append) return Corrupt(from, "a segment was added");
  return {};
}

}  // namespace

Result<void> LedgerMetadata::Check() const {
  if (id.value() < 0) return Corrupt(*this, "the id is negative");
  if (auto ok = replication.Check(); !ok) return Corrupt(*this, ok.error().context());
  if (state < LedgerState::kOpen || state > LedgerState::kDeleted) {
    return Corrupt(*this, "the state is not known");
  }
  if (segments.empty()) return Corrupt(*this, "there is no segment");
  if (segments.begin()->first != EntryId(0)) {
    return Corrupt(*this, "the first segment does not begin at entry 0");
  }
  for (const auto& [first, ensemble] : segments) {
    QUIRE_TRY(CheckEnsemble(*this, first, ensemble));
  }
  if (recovery_claims < 0) return Corrupt(*this, "the number of recoveries is negative");
  if (deleted_ms != 0 && state != LedgerState::kDeleted) {
    return Corrupt(*this, "has a time of deletion but is not deleted");
  }
  return CheckEnd(*this);
}

Result<void> CheckTransition(const LedgerMetadata& from, const LedgerMetadata& to) {
  QUIRE_TRY(to.Check());
  const auto rules = RulesFor(from, to);
  if (!rules) return Fail(rules.error());
  if (from.id != to.id || from.key != to.key || from.replication != to.replication ||
      from.created_ms != to.created_ms || from.custom != to.custom) {
    return Corrupt(from, "a field that is fixed at creation changed");
  }
  if (to.recovery_claims < from.recovery_claims) {
    return Corrupt(from, "the number of recoveries went back");
  }
  const bool closes = to.state == LedgerState::kClosed && from.state != LedgerState::kClosed;
  if (!closes && (from.last_entry != to.last_entry || from.length != to.length)) {
    return Corrupt(from, "the end changed");
  }
  return CheckSegments(from, to, *rules);
}

std::string_view StateName(LedgerState state) {
  switch (state) {
    case LedgerState::kOpen: return "open";
    case LedgerState::kInRecovery: return "in recovery";
    case LedgerState::kClosed: return "closed";
    case LedgerState::kDeleted: return "deleted";
  }
  return "unknown";
}

}  // namespace quire::metadata
