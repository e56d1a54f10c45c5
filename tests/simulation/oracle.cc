#include "tests/simulation/oracle.h"

#include <algorithm>

namespace quire::simulation {

using metadata::LedgerMetadata;
using metadata::LedgerState;
using protocol::EntryId;

namespace {

std::string Number(EntryId entry) {
  return std::to_string(entry.value());
}

}  // namespace

bool Oracle::IsLegal(const LedgerMetadata& from, const LedgerMetadata& to) {
  using enum LedgerState;
  if (from.id != to.id || from.key != to.key || from.replication != to.replication ||
      from.custom != to.custom || from.state == kDeleted) {
    return false;
  }
  const bool open = from.state == kOpen && to.state == kOpen;
  const bool sealed = from.state == kInRecovery && to.state == kClosed;
  const bool closed = from.state == kOpen && to.state == kClosed;
  const bool claimed = from.state == kOpen && to.state == kInRecovery;
  if (!open && !sealed && !closed && !claimed && to.state != kDeleted) return false;
  const bool ends = sealed || closed;
  if (!ends && (from.last_entry != to.last_entry || from.length != to.length)) return false;
  if (ends && to.LastSegmentFirst() > to.last_entry + 1) return false;
  // Segments are only appended, the last one replaced; nobody repairs older ones here.
  const bool changes = open || sealed;
  for (const auto& [first, ensemble] : from.segments) {
    const auto now = to.segments.find(first);
    if (now == to.segments.end()) return false;
    const bool last = first == from.LastSegmentFirst();
    if (now->second != ensemble && !(last && changes)) return false;
  }
  const std::size_t added = to.segments.size() - from.segments.size();
  return added == 0 || (open && added == 1 && to.LastSegmentFirst() > from.LastSegmentFirst()) ||
         (sealed &&
          std::next(to.segments.begin(), static_cast<std::ptrdiff_t>(from.segments.size()))->first >
              from.LastSegmentFirst());
}

bool Oracle::Mine(const LedgerMetadata& ledger) const {
  if (ledger_) return *ledger_ == ledger.id;
  const auto owner = ledger.custom.find(kOwner);
  return owner != ledger.custom.end() && owner->second == owner_;
}

void Oracle::Created(const LedgerMetadata& ledger) {
  if (!Mine(ledger)) {
    return Violate("T-26 " + owner_ + " was given the ledger " + std::to_string(ledger.id.value()) +
                   " of somebody else");
  }
  ledger_ = ledger.id;
}

void Oracle::Acknowledged(EntryId entry) {
  trace_.Line("writer: entry ", entry.value(), " acknowledged");
  if (entry != acknowledged_ + 1) {
    Violate("I6 entry " + Number(entry) + " acknowledged after " + Number(acknowledged_));
  }
  acknowledged_ = std::max(acknowledged_, entry);
  if (closed_ && entry > closed_->last_entry) {
    Violate("I3 entry " + Number(entry) + " acknowledged after the ledger was closed at " +
            Number(closed_->last_entry));
  }
}

void Oracle::Read(std::string_view who, EntryId entry, std::string_view payload) {
  if (entry.value() >= static_cast<std::int64_t>(payloads_.size())) {
    return Violate("I10 " + std::string(who) + " read entry " + Number(entry) +
                   ", which nobody wrote");
  }
  if (payload != payloads_[static_cast<std::size_t>(entry.value())]) {
    return Violate("I4 " + std::string(who) + " read other bytes of entry " + Number(entry));
  }
  highest_read_ = std::max(highest_read_, entry);
  if (closed_ && entry > closed_->last_entry) {
    Violate("I4 " + std::string(who) + " read entry " + Number(entry) + " of a ledger closed at " +
            Number(closed_->last_entry));
  }
}

void Oracle::SawLac(EntryId lac) {
  if (newest_) chronicle_.SawLac(newest_->id, lac);
}

void Oracle::Changed(const Mutation& mutation) {
  if (!mutation.path.starts_with("/ledgers/")) return;
  if (!mutation.after) {
    const auto gone = metadata::DecodeLedger(*mutation.before);
    if (gone && Mine(*gone) && gone->state != LedgerState::kDeleted) {
      Violate("I7 the record of a ledger went that nobody had deleted");
    }
    return;
  }
  if (mutation.after->empty()) return;
  const auto after = metadata::DecodeLedger(*mutation.after);
  if (!after) return Violate("I7 " + after.error().ToString());
  if (!Mine(*after)) return;
  if (mutation.before && !mutation.before->empty()) {
    const auto before = metadata::DecodeLedger(*mutation.before);
    if (!before) return Violate("I7 " + before.error().ToString());
    if (!IsLegal(*before, *after)) {
      return Violate("I7 a record went from " + std::string(StateName(before->state)) + " to " +
                     std::string(StateName(after->state)) + " as it must not");
    }
  }
  trace_.Line("metadata: ", StateName(after->state), " segments ", after->segments.size(),
              " last starts at ", after->LastSegmentFirst().value(), " last entry ",
              after->last_entry.value());
  newest_ = *after;
  if (after->state == LedgerState::kDeleted) return chronicle_.Deleted(after->id);
  if (after->state != LedgerState::kClosed) return;
  if (closed_ && (closed_->last_entry != after->last_entry || closed_->length != after->length)) {
    return Violate("I11 closed again at another entry");
  }
  closed_ = *after;
  chronicle_.Closed(after->id, after->last_entry);
  if (acknowledged_ > after->last_entry) {
    Violate("I1 entry " + Number(acknowledged_) +
            " was acknowledged, and the ledger is closed at " + Number(after->last_entry));
  }
  if (highest_read_ > after->last_entry) {
    Violate("I4 entry " + Number(highest_read_) + " was read, and the ledger is closed at " +
            Number(after->last_entry));
  }
  if (after->length != LengthTo(after->last_entry)) {
    Violate("T-25 the length of the closed ledger is " + std::to_string(after->length));
  }
}

void Oracle::Ended(std::string_view who, const LedgerMetadata& ledger) {
  if (!closed_ || closed_->last_entry != ledger.last_entry || closed_->length != ledger.length ||
      closed_->segments != ledger.segments) {
    Violate("I11 " + std::string(who) + " was told another end");
  }
}

std::int64_t Oracle::LengthTo(EntryId last) const {
  std::int64_t length = 0;
  const auto count = std::min(static_cast<std::size_t>(last.value() + 1), payloads_.size());
  for (std::size_t i = 0; i < count; ++i) length += static_cast<std::int64_t>(payloads_[i].size());
  return length;
}

}  // namespace quire::simulation
