#include "bookie/index_view.h"

#include <utility>

#include "bookie/index_format.h"

namespace quire::bookie {

using common::Fail;
using common::Result;
using protocol::EntryId;
using protocol::LedgerId;

// Ranges of extents do not overlap (ExtentMerge), so one extent decides.
Result<std::optional<EntryLocation>> IndexView::Find(LedgerId ledger, EntryId entry) {
  const bool at_hand =
      extent_ && ledger_ == ledger && extent_->first() <= entry && entry <= extent_->last();
  if (!at_hand) {
    extent_.reset();
    cursor_->SeekBack(ExtentKey(ledger, entry));
    auto found = Current(ledger);
    if (!found) return Fail(std::move(found).error());
    extent_ = std::move(*found);
    at_ = {};
    ledger_ = ledger;
  }
  return extent_ ? extent_->Find(entry, at_) : std::nullopt;
}

Result<void> IndexView::Scan(LedgerId ledger, EntryId from,
                             const std::function<bool(const Extent&)>& visit) {
  const std::string start = ExtentKey(ledger, from);
  cursor_->SeekBack(start);
  if (!cursor_->valid() || !ParseExtentKey(cursor_->key(), ledger)) {
    QUIRE_TRY(cursor_->status());
    cursor_->Seek(start);
  }
  for (;;) {
    auto extent = Current(ledger);
    if (!extent) return Fail(std::move(extent).error());
    if (!*extent || !visit(**extent)) return {};
    cursor_->Next();
  }
}

Result<std::optional<Extent>> IndexView::Current(LedgerId ledger) const {
  if (!cursor_->valid()) {
    QUIRE_TRY(cursor_->status());
    return std::nullopt;
  }
  const auto first = ParseExtentKey(cursor_->key(), ledger);
  if (!first) return std::nullopt;
  const auto content = OpenValue(cursor_->key(), cursor_->value());
  if (!content) return Fail(content.error());
  auto extent = Extent::Decode(*first, *content);
  if (!extent) return Fail(std::move(extent).error());
  return std::optional<Extent>(std::move(*extent));
}

}  // namespace quire::bookie
