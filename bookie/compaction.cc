#include "bookie/compaction.h"

#include <algorithm>
#include <utility>

#include "bookie/index_format.h"
#include "common/check.h"
#include "protocol/entry.h"

namespace quire::bookie {

using common::Fail;
using common::Result;

Victims ChooseVictims(const Index& index, const std::set<SegmentId>& hopeless, double min_garbage,
                      std::uint64_t max_live_bytes) {
  std::vector<std::pair<double, SegmentId>> candidates;  // by the share that is garbage
  for (const auto& [segment, space] : index.segments()) {
    const auto total = static_cast<double>(space.total);
    const double garbage = total == 0 ? 0 : static_cast<double>(space.total - space.live) / total;
    if (hopeless.contains(segment)) continue;
    if (garbage > 0 && garbage >= min_garbage) candidates.emplace_back(garbage, segment);
  }
  std::ranges::sort(candidates, std::greater<>());
  Victims victims;
  for (const auto& [garbage, segment] : candidates) {
    const SegmentSpace& space = index.segments().at(segment);
    if (!victims.segments.empty() && victims.live_bytes + space.live > max_live_bytes) continue;
    victims.segments.insert(segment);
    victims.live_bytes += space.live;
    victims.garbage_bytes += space.total - space.live;
  }
  return victims;
}

Result<CompactionBatch> CollectBatch(StoreCore& core, const std::set<SegmentId>& victims,
                                     const std::set<std::string>& unreadable,
                                     const std::string& key, std::uint64_t max_bytes) {
  CompactionBatch batch;
  const auto cursor = core.index->Scan();
  cursor->Seek(key.empty() ? std::string(1, kExtentKind) : key);
  for (; cursor->valid() && cursor->key().front() == kExtentKind; cursor->Next()) {
    const auto ledger = ParseExtentLedger(cursor->key());
    const auto content = OpenValue(cursor->key(), cursor->value());
    if (!ledger || !content) continue;  // unreadable already: space is lost, never an entry
    const auto first = ParseExtentKey(cursor->key(), *ledger);
    const auto extent = first ? Extent::Decode(*first, *content) : Fail(common::Errc::kCorrupt);
    if (!extent || !victims.contains(extent->segment())) continue;
    if (unreadable.contains(std::string(cursor->key()))) continue;
    if (!batch.extents.empty() && batch.bytes + extent->bytes() > max_bytes) {
      batch.next_key = cursor->key();
      break;
    }
    batch.bytes += extent->bytes();
    batch.extents.push_back({.ledger = *ledger, .from = *extent, .offset = 0});
  }
  QUIRE_TRY(cursor->status());
  return batch;
}

Result<CompactionCopy::Progress> CompactionCopy::Step(std::uint64_t bytes) {
  const auto progress = Copy(bytes);
  // Here and not with the object, which may go on the loop: it removes the file.
  if (!progress || *progress != Progress::kMore) writer_.reset();
  return progress;
}

Result<CompactionCopy::Progress> CompactionCopy::Copy(std::uint64_t bytes) {
  if (!writer_) {
    auto writer = SegmentWriter::Create(core_.disk, segment_, bytes_);
    while (!writer && writer.error().code() == common::Errc::kDiskFull &&
           core_.MakeRoom(SegmentFileBytes(bytes_))) {
      writer = SegmentWriter::Create(core_.disk, segment_, bytes_);
    }
    if (!writer) return Fail(std::move(writer).error());
    writer_ = std::move(*writer);
  }
  const std::uint64_t until = copied_ + bytes;
  for (; next_ < extents_.size(); ++next_) {
    if (copied_ >= until) return Progress::kMore;
    const auto copied = CopyExtent(extents_[next_]);
    // What was open when it was removed gets shorter.
    const bool gone = copied && *copied == Progress::kUnreadable &&
                      !core_.files.Has(extents_[next_].from.segment());
    if (gone) return Progress::kGone;
    if (!copied || *copied != Progress::kMore) return copied;
  }
  QUIRE_TRY(writer_->Finish());
  return Progress::kDone;
}

Result<CompactionCopy::Progress> CompactionCopy::CopyExtent(MovedExtent& moved) {
  const Extent& from = moved.from;
  const auto segment = core_.files.Open(from.segment());
  if (segment && *segment == nullptr) return Progress::kGone;
  if (!segment) return Progress::kUnreadable;
  buffer_.resize(from.bytes());
  const auto got = (*segment)->file->Read(from.offset(), buffer_);
  if (!got || *got != buffer_.size()) return Progress::kUnreadable;
  moved.offset = kSegmentHeaderBytes + copied_;
  std::string_view rest = buffer_;
  std::vector<std::string_view> entries;
  for (const ExtentEntry& wanted : from.entries()) {
    const std::size_t length = kRecordHeaderBytes + wanted.length;
    const auto entry = OpenRecord((*segment)->seed, rest.substr(0, length));
    if (!entry || !protocol::VerifyEntry(*entry, moved.ledger, wanted.id)) {
      return Progress::kUnreadable;
    }
    entries.push_back(*entry);
    rest.remove_prefix(length);
  }
  for (const std::string_view entry : entries) QUIRE_TRY(writer_->Append(entry));
  copied_ += from.bytes();
  return Progress::kMore;
}

Result<CompactionCommitted> CommitMoves(StoreCore& core, const CompactionCopy& copy) {
  const std::uint64_t before =
      IndexStats(*core.index).segment_bytes + SegmentFileBytes(copy.bytes());
  CommitRecord record = core.index->record();
  record.next_segment = std::max(record.next_segment, copy.segment() + 1);
  IndexCommit commit = core.index->Begin();
  commit.AddSegment(copy.segment(), copy.bytes());
  core.files.Add(copy.segment());  // before a reader can find it in the index
  QUIRE_TRY(commit.MoveExtents(copy.segment(), copy.extents()));
  const auto committed = FinishCommit(core, commit, record);
  if (!committed) {
    const bool full = committed.error().code() == common::Errc::kDiskFull;
    if (full) QUIRE_TRY(core.files.Remove({copy.segment()}));
    return Fail(committed.error());
  }
  return CompactionCommitted{.store = *committed,
                             .removed_bytes = before - committed->stats.segment_bytes};
}

}  // namespace quire::bookie
