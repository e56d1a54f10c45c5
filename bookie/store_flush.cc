#include "bookie/store_flush.h"

#include <algorithm>
#include <string>
#include <utility>

#include "bookie/segment_writer.h"
#include "common/check.h"

namespace quire::bookie {

using common::Fail;
using common::Result;
using protocol::LedgerId;

namespace {

constexpr std::uint64_t kIndexRoomBytes = 4 << 20;  // wanted for the index when it has none

Result<void> WriteRecords(StoreCore& core, const WriteCache& half, const WrittenSegment& segment) {
  auto writer = SegmentWriter::Create(core.disk, segment.id, segment.bytes);
  if (!writer) return Fail(std::move(writer).error());
  for (const auto& [ledger, entries] : half.Sorted()) {
    Result<void> written;
    entries->ForEach([&](const CachedEntry& entry) {
      if (written) written = (*writer)->Append(entry.bytes());
    });
    QUIRE_TRY(std::move(written));
  }
  return (*writer)->Finish();
}

template <typename T>
bool Full(const Result<T>& outcome) {
  return !outcome && outcome.error().code() == common::Errc::kDiskFull;
}

// The same walk as WriteRecords, over a half that has not changed since.
Result<void> PutAllEntries(IndexCommit& commit, const WriteCache& half, SegmentId segment) {
  std::uint64_t offset = kSegmentHeaderBytes;
  std::vector<PlacedEntry> placed;
  for (const auto& [ledger, entries] : half.Sorted()) {
    placed.clear();
    entries->ForEach([&](const CachedEntry& entry) {
      placed.push_back({.id = entry.id, .offset = offset, .length = entry.size});
      offset += kRecordHeaderBytes + entry.size;
    });
    QUIRE_TRY(commit.PutEntries(segment, ledger, placed, entries->copies()));
  }
  return {};
}

}  // namespace

Result<StoreCommitted> FinishCommit(StoreCore& core, IndexCommit& commit,
                                    const CommitRecord& record) {
  auto dead = commit.Finish(record);
  while (Full(dead) && core.MakeRoom(kIndexRoomBytes)) dead = commit.Finish(record);
  if (!dead) return Fail(std::move(dead).error());
  // From here on nothing may look like "nothing was done": the index has it all. What cannot be
  // renamed now is a leftover that the next start deals with.
  core.files.Forget(*dead);
  if (auto taken = core.quarantine.Take(*dead); !taken) {
    return Fail(common::Errc::kIo, taken.error().context());
  }
  return StoreCommitted{.stored = record.stored, .stats = IndexStats(*core.index)};
}

Result<WrittenSegment> WriteSegment(StoreCore& core, const WriteCache& half, SegmentId id) {
  WrittenSegment segment{.id = id};
  for (const auto& [ledger, entries] : half.Sorted()) {
    entries->ForEach(
        [&](const CachedEntry& entry) { segment.bytes += kRecordHeaderBytes + entry.size; });
  }
  auto written = WriteRecords(core, half, segment);
  while (Full(written) && core.MakeRoom(SegmentFileBytes(segment.bytes))) {
    written = WriteRecords(core, half, segment);
  }
  if (!written) return Fail(std::move(written).error());
  return segment;
}

Result<StoreCommitted> CommitFlush(StoreCore& core, const WriteCache& half,
                                   std::optional<WrittenSegment> segment,
                                   const Store::Commit& flush) {
  CommitRecord record = core.index->record();
  record.stored = flush.lsn;
  IndexCommit commit = core.index->Begin();
  for (const LedgerId ledger : flush.dropped) QUIRE_TRY(commit.Drop(ledger));
  for (const auto& [ledger, state] : flush.states) commit.PutState(ledger, state);
  for (const LedgerId ledger : flush.settled) QUIRE_TRY(commit.Settle(ledger));
  if (segment) {
    record.next_segment = std::max(record.next_segment, segment->id + 1);
    commit.AddSegment(segment->id, segment->bytes);
    QUIRE_TRY(PutAllEntries(commit, half, segment->id));
    core.files.Add(segment->id);  // before a reader can find it in the index
  }
  auto committed = FinishCommit(core, commit, record);
  if (Full(committed) && segment) QUIRE_TRY(core.files.Remove({segment->id}));
  return committed;
}

Result<StoreCommitted> CommitDrops(StoreCore& core, const std::vector<LedgerId>& dropped) {
  IndexCommit commit = core.index->Begin();
  for (const LedgerId ledger : dropped) QUIRE_TRY(commit.Drop(ledger));
  return FinishCommit(core, commit, core.index->record());
}

StoreStats IndexStats(const Index& index) {
  StoreStats stats;
  for (const auto& [segment, space] : index.segments()) {
    ++stats.segments;
    stats.segment_bytes += SegmentFileBytes(space.total);
    stats.live_bytes += space.live;
  }
  return stats;
}

}  // namespace quire::bookie
