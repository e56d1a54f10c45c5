#include "bookie/index_commit.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "bookie/index_view.h"
#include "common/check.h"

namespace quire::bookie {

using common::Fail;
using common::Result;
using protocol::EntryId;
using protocol::LedgerId;

Result<void> IndexCommit::Drop(LedgerId ledger) {
  if (!dropped_.insert(ledger).second) return {};  // its bytes must not be subtracted twice
  const std::string from = ExtentPrefix(ledger);
  if (!drops_) drops_ = db_.NewCursor(IndexDb::Scope::kPrefix);
  IndexDb::Cursor& cursor = *drops_;
  std::vector<std::string> keys;
  bool many = false;
  for (cursor.Seek(from); cursor.valid() && cursor.key().starts_with(from); cursor.Next()) {
    many = many || keys.size() == kMaxSingleDeletions;
    if (!many) keys.emplace_back(cursor.key());
    const auto first = ParseExtentKey(cursor.key(), ledger);
    const auto content = OpenValue(cursor.key(), cursor.value());
    // An extent that cannot be read is deleted as well. Its bytes stay counted as live, which may
    // keep a segment for ever: space is lost then, never an entry.
    if (!first || !content) continue;
    if (const auto extent = Extent::Decode(*first, *content)) {
      SubtractLive(extent->segment(), extent->bytes());
    }
  }
  QUIRE_TRY(cursor.status());
  if (many) {
    // The end of a range is not part of it, hence one byte behind the highest key there can be.
    batch_->DeleteRange(
        from, ExtentKey(ledger, EntryId(std::numeric_limits<std::int64_t>::max())) + '\0');
  } else {
    for (const std::string& key : keys) batch_->Delete(key);
  }
  return {};
}

void IndexCommit::PutState(LedgerId ledger, const LedgerState& state) {
  PutSealed(StateKey(ledger), EncodeState(state));
}

Result<void> IndexCommit::Settle(LedgerId ledger) {
  const auto bits = TombstonesAround(ledger);
  if (!bits) return Fail(bits.error());
  Tombstones::Set(**bits, ledger);
  batch_->Delete(StateKey(ledger));
  return {};
}

Result<void> IndexCommit::Unsettle(LedgerId ledger) {
  const auto bits = TombstonesAround(ledger);
  if (!bits) return Fail(bits.error());
  Tombstones::Clear(**bits, ledger);
  return {};
}

// As the index has them, with what this commit has changed so far.
Result<Tombstones::Bits*> IndexCommit::TombstonesAround(LedgerId ledger) {
  const auto [block, begun] = tombstones_.try_emplace(Tombstones::BlockOf(ledger));
  if (!begun) return &block->second;
  const std::string key = TombstoneKey(block->first);
  const auto cursor = db_.NewCursor(IndexDb::Scope::kAll);
  cursor->Seek(key);
  if (cursor->valid() && cursor->key() == key) {
    const auto content = OpenValue(key, cursor->value());
    const auto bits = content ? DecodeTombstones(*content) : Fail(content.error());
    if (!bits) return Fail(bits.error());
    block->second = *bits;
  }
  QUIRE_TRY(cursor->status());
  return &block->second;
}

void IndexCommit::AddSegment(SegmentId segment, std::uint64_t bytes) {
  QUIRE_CHECK(!segments_.contains(segment));
  changed_[segment] = {.total = bytes, .live = bytes};
}

void IndexCommit::ReviveSegment(SegmentId segment, std::uint64_t bytes, std::uint64_t live) {
  const auto known = segments_.find(segment);
  SegmentSpace space = known == segments_.end() ? SegmentSpace{.total = bytes} : known->second;
  space.live += live;
  changed_[segment] = space;
}

Result<void> IndexCommit::PutEntries(SegmentId segment, LedgerId ledger,
                                     std::span<const PlacedEntry> entries, Copies copies) {
  QUIRE_CHECK(!dropped_.contains(ledger));
  ExtentMerge merge(segment, entries);
  // An old extent that cannot be read ends the commit: how far it reaches is not known, and an
  // extent put beside it could turn its entries into denials.
  if (copies == Copies::kPerhaps) {
    QUIRE_TRY(IndexView(db_).Scan(ledger, entries.front().id, [&](const Extent& old) {
      if (const auto replaced_bytes = merge.Pass(old)) {
        batch_->Delete(ExtentKey(ledger, old.first()));
        SubtractLive(old.segment(), *replaced_bytes);
      }
      return !merge.done();
    }));
  }
  for (const Extent& extent : merge.Finish()) {
    PutSealed(ExtentKey(ledger, extent.first()), extent.Encode());
  }
  return {};
}

Result<void> IndexCommit::MoveExtents(SegmentId segment, const std::vector<MovedExtent>& moved) {
  const auto cursor = db_.NewCursor(IndexDb::Scope::kAll);
  for (const auto& [ledger, from, offset] : moved) {
    const std::string key = ExtentKey(ledger, from.first());
    cursor->Seek(key);
    bool same = false;
    if (cursor->valid() && cursor->key() == key) {
      const auto content = OpenValue(key, cursor->value());
      const auto now = content ? Extent::Decode(from.first(), *content) : Fail(content.error());
      same = now && *now == from;
    }
    QUIRE_TRY(cursor->status());
    if (!same) {
      SubtractLive(segment, from.bytes());
      continue;
    }
    Extent copy(segment, offset);
    for (const ExtentEntry& entry : from.entries()) copy.Append(entry);
    PutSealed(key, copy.Encode());
    SubtractLive(from.segment(), from.bytes());
  }
  return {};
}

Result<std::vector<SegmentId>> IndexCommit::Finish(const CommitRecord& record) {
  QUIRE_CHECK(record.stored >= record_.stored && record.next_segment >= record_.next_segment);
  std::vector<SegmentId> dead;
  for (auto& [segment, space] : changed_) {
    // What Drop could not read stayed live, and may have been revived beside that.
    space.live = std::min(space.live, space.total);
    if (space.live == 0) {
      batch_->Delete(SegmentKey(segment));
      dead.push_back(segment);
    } else {
      PutSealed(SegmentKey(segment), EncodeSpace(space));
    }
  }
  for (const auto& [block, bits] : tombstones_) {
    const std::string key = TombstoneKey(block);
    if (Tombstones::Count(bits) == 0) {
      batch_->Delete(key);
    } else {
      PutSealed(key, EncodeTombstones(bits));
    }
  }
  PutSealed(std::string(kCommitKey), EncodeCommit(record));
  QUIRE_TRY(db_.Write(*batch_));
  record_ = record;
  for (const auto& [segment, space] : changed_) segments_.insert_or_assign(segment, space);
  for (const SegmentId segment : dead) segments_.erase(segment);
  return dead;
}

void IndexCommit::PutSealed(const std::string& key, const std::string& content) {
  batch_->Put(key, SealValue(key, content));
}

void IndexCommit::SubtractLive(SegmentId segment, std::uint64_t bytes) {
  if (bytes == 0) return;
  auto it = changed_.find(segment);
  if (it == changed_.end()) {
    const auto known = segments_.find(segment);
    // An extent in a segment the index does not know: its entries are unreadable already.
    if (known == segments_.end()) return;
    it = changed_.insert(*known).first;
  }
  QUIRE_CHECK(it->second.live >= bytes);  // a segment that seems dead too early would be removed
  it->second.live -= bytes;
}

}  // namespace quire::bookie
