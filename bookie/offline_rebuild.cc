#include "bookie/offline_rebuild.h"

#include <algorithm>
#include <string>
#include <utility>

#include "bookie/index_commit.h"
#include "bookie/index_view.h"
#include "bookie/journal_format.h"
#include "bookie/journal_reader.h"
#include "bookie/offline_journal.h"

namespace quire::bookie {

using common::Errc;
using common::Fail;
using common::Result;
using protocol::EntryId;
using protocol::LedgerId;

namespace {

constexpr std::size_t kStatesInOneCommit = 10'000;

constexpr const char* kReadAround =
    "with --yes nothing is done then, for a ledger that stays deleted is denied, and what it has "
    "may lie behind that place: copy the file with a tool that leaves out what cannot be read, "
    "put the copy in its place, and do it again";

std::string PathOf(SegmentId id) {
  return "segments/" + SegmentName(id);
}

// A flush or compaction was under way when the process died: there is nothing where the footer
// goes.
bool IsUnfinished(const common::File& file, std::uint64_t file_bytes) {
  if (file_bytes < kSegmentHeaderBytes + kSegmentFooterBytes) return true;
  std::string block(kSegmentFooterBytes, '\0');
  const auto got = file.Read(file_bytes - kSegmentFooterBytes, block);
  return got && block.find_first_not_of('\0') == std::string::npos;
}

std::optional<std::string> ReadRecord(const common::File& file, SegmentId id, std::uint64_t offset,
                                      std::uint32_t length) {
  std::string bytes(kRecordHeaderBytes + length, '\0');
  const auto got = file.Read(offset, bytes);
  if (!got || *got != bytes.size()) return std::nullopt;
  const auto entry = OpenRecord(RecordSeed(id), bytes);
  return entry ? std::optional(std::string(*entry)) : std::nullopt;
}

// Of the records from `from` on, `last` is the last one in front of the gap, `next` the first one
// behind it.
Finding Gap(const std::string& name, Lsn from, Lsn last, Lsn next) {
  return {.file = "journal/" + name,
          .what = "follows a gap: records " + std::to_string(last + 1) + " to " +
                  std::to_string(next - 1) + " are missing; " + std::to_string(from) + " to " +
                  std::to_string(next - 1) + " will not be replayed",
          .advice =
              "a journal file was removed: bring it back. What of these records is not in "
              "the segments is lost here; other bookies hold copies of what was "
              "acknowledged"};
}

void TakeTombstones(std::string_view body, ReplayableJournal& found) {
  while (const auto record = TakeRecord(body)) {
    if (record->type != RecordType::kTombstone) continue;
    const auto subject = OfflineJournal::SubjectOf(record->type, record->payload);
    if (subject) found.tombstones[subject->ledger] = record->lsn;
  }
}

}  // namespace

Result<IndexRebuild::Summary> IndexRebuild::Run(Lsn stored, Lsn undeleted_below) {
  const auto names = disk_.List();
  if (!names) return Fail(names.error());
  std::vector<SegmentId> ids;
  for (const std::string& name : *names) {
    const auto id = ParseSegmentName(name);
    if (!id) continue;
    ids.push_back(*id);
    const auto file = disk_.Open(name, {});
    const auto bytes = file ? (*file)->Size() : Fail(file.error());
    total_ += bytes.value_or(0);
  }
  std::ranges::sort(ids);
  if (!ids.empty()) last_segment_ = ids.back();
  for (const SegmentId id : ids) QUIRE_TRY(Take(id));
  summary_.ledgers = states_.size();
  if (target_ != nullptr) QUIRE_TRY(CommitStates(stored, undeleted_below));
  return std::move(summary_);
}

Result<void> IndexRebuild::Take(SegmentId id) {
  ++summary_.segments;
  const auto file = disk_.Open(SegmentName(id), {});
  const auto size = file ? (*file)->Size() : Fail(file.error());
  if (!size) {  // a start with an index that does not know it would remove it
    return Fail(size.error().code(),
                size.error().context() + "; check the disk and the rights, then rebuild again");
  }
  const bool unfinished = IsUnfinished(**file, *size);
  auto read = Read(id, **file, *size, unfinished);
  if (!read) return Fail(std::move(read).error());
  if (target_ == nullptr) return {};
  Content content = *std::move(read);
  const auto footer = ReadSegmentFooter(**file, id, *size);
  std::uint64_t record_bytes = content.bytes;
  // Bytes that cannot be read count as live: the file stays for whoever wants to look at it.
  if (!unfinished) {
    record_bytes = std::max(content.bytes, footer ? footer->bytes : *size - kSegmentHeaderBytes);
  }
  // A file of which nothing is known to the index is a leftover: the next start puts it into
  // quarantine.
  if (record_bytes == 0) return {};
  std::erase_if(content.groups, [this](const Group& group) { return !Wanted(group.ledger); });
  if (revived_ && content.groups.empty()) return {};
  return Commit(id, **file, content, record_bytes);
}

Result<IndexRebuild::Content> IndexRebuild::Read(SegmentId id, const common::File& file,
                                                 std::uint64_t file_bytes, bool unfinished) {
  Content content;
  const OfflineSegment::Visitor visitor{
      .record =
          [&](const protocol::EntryHeader& entry, std::uint64_t offset, std::uint32_t length) {
            TakeRecord(id, entry, {.id = entry.entry, .offset = offset, .length = length}, content);
          },
      .damage =
          [&](const OfflineSegment::Damage& damage) {
            content.damaged = true;
            if (unfinished) return;
            Damage(id, {.offset = damage.offset,
                        .what = "is damaged: " + damage.what + ", " +
                                std::to_string(damage.end - damage.offset) + " bytes",
                        .advice = "entries there are answered with \"unknown\"; other bookies hold "
                                  "copies of what was acknowledged"});
          },
      .progress =
          [this](std::uint64_t bytes) {
            summary_.bytes += bytes;
            if (progress_) progress_(summary_.bytes, total_);
          }};
  const auto read = OfflineSegment(file, id, file_bytes, std::nullopt, visitor).Read();
  if (!read) {
    const std::string what = "cannot be read to its end: " + read.error().ToString();
    if (revived_ && target_ != nullptr) {
      return Fail(Errc::kCorrupt,
                  disk_.path() + "/" + SegmentName(id) + " " + what + "; " + kReadAround);
    }
    Damage(id,
           {.what = what,
            .advice = revived_ ? kReadAround
                               : "entries there are answered with \"unknown\"; check the disk"});
  } else if (unfinished) {
    Finding finding{.kind = Finding::Kind::kHarmless,
                    .file = PathOf(id),
                    .what = "was never finished: the bookie died while it wrote it",
                    .advice =
                        "nothing to do: the journal or other segments have what it was to "
                        "hold"};
    summary_.findings.Add(std::move(finding));
  }
  return content;
}

// Behind damage the reader looks for records at every byte, also within payloads, where a client
// can have put anything: only what is in the order of the segment is believed.
void IndexRebuild::TakeRecord(SegmentId id, const protocol::EntryHeader& entry,
                              const PlacedEntry& placed, Content& content) {
  auto& groups = content.groups;
  const bool same = !groups.empty() && groups.back().ledger == entry.ledger;
  const bool follows = groups.empty() || groups.back().ledger < entry.ledger ||
                       (same && groups.back().entries.back().id < entry.entry);
  if (!follows) {
    content.damaged = true;
    return Damage(id,
                  {.offset = placed.offset,
                   .ledger = entry.ledger,
                   .entries = std::pair(entry.entry, entry.entry),
                   .what = "has a record that is not in the order of the segment; it is not used",
                   .advice = "the disk changed bytes in front of it: check it"});
  }
  if (!same) groups.push_back({.ledger = entry.ledger, .entries = {}});
  groups.back().entries.push_back(placed);
  content.bytes += kRecordHeaderBytes + placed.length;
  if (!Wanted(entry.ledger)) return;
  ++summary_.records;
  LedgerState& state =
      states_.try_emplace(entry.ledger, LedgerState{.key = {}, .fenced = true, .limbo = true})
          .first->second;
  state.last_entry = std::max(state.last_entry, entry.entry);
  state.lac = std::max(state.lac, entry.lac);
}

Result<void> IndexRebuild::Commit(SegmentId id, const common::File& file, const Content& content,
                                  std::uint64_t record_bytes) {
  for (const Group& group : content.groups) QUIRE_TRY(CompareCopies(id, file, group));
  CommitRecord record = target_->record();
  record.next_segment = std::max(record.next_segment, last_segment_ + 1);
  IndexCommit commit = target_->Begin();
  if (revived_) {
    std::uint64_t live = 0;
    for (const Group& group : content.groups) {
      for (const PlacedEntry& entry : group.entries) live += kRecordHeaderBytes + entry.length;
    }
    commit.ReviveSegment(id, record_bytes, live);
  } else {
    commit.AddSegment(id, record_bytes);
  }
  for (const Group& group : content.groups) {
    QUIRE_TRY(commit.PutEntries(id, group.ledger, group.entries, Copies::kPerhaps));
  }
  const auto dead = commit.Finish(record);
  if (!dead) return Fail(dead.error());
  return {};
}

Result<void> IndexRebuild::CompareCopies(SegmentId id, const common::File& file,
                                         const Group& group) {
  IndexView view = target_->View();
  const EntryId first = group.entries.front().id;
  const EntryId last = group.entries.back().id;
  bool overlaps = false;  // rarely, so that not every entry is looked up
  QUIRE_TRY(view.Scan(group.ledger, first, [&](const Extent& extent) {
    overlaps = overlaps || (extent.first() <= last && first <= extent.last());
    return !overlaps && extent.first() <= last;
  }));
  if (!overlaps) return {};
  for (const PlacedEntry& placed : group.entries) {
    const auto other = view.Find(group.ledger, placed.id);
    if (!other) return Fail(other.error());
    if (!*other || (*other)->segment == id) continue;
    ++summary_.duplicates;
    if (SameRecord(id, file, placed, **other)) continue;
    Damage(id, {.offset = placed.offset,
                .ledger = group.ledger,
                .entries = std::pair(placed.id, placed.id),
                .what = "has other bytes of the entry than " + SegmentName((*other)->segment) +
                        "; these are used",
                .advice = "a bookie keeps one content of an entry: report it"});
  }
  return {};
}

bool IndexRebuild::SameRecord(SegmentId id, const common::File& file, const PlacedEntry& placed,
                              const EntryLocation& other) {
  if (!other_ || other_id_ != other.segment) {
    auto opened = disk_.Open(SegmentName(other.segment), {});
    if (!opened) return false;
    other_ = *std::move(opened);
    other_id_ = other.segment;
  }
  const auto mine = ReadRecord(file, id, placed.offset, placed.length);
  return mine && mine == ReadRecord(*other_, other.segment, other.offset, other.length);
}

Result<void> IndexRebuild::CommitStates(Lsn stored, Lsn undeleted_below) {
  CommitRecord record = target_->record();
  const Index::States known = target_->TakeStates();
  for (auto& [ledger, state] : states_) {
    const auto before = known.find(ledger);
    if (before == known.end()) continue;
    state.key = before->second.key;
    // A copied index may know more than damaged segments show, of a ledger whose deletion no commit
    // had: what it has there must neither be denied nor be taken for free.
    state.last_entry = std::max(state.last_entry, before->second.last_entry);
    state.lac = std::max(state.lac, before->second.lac);
  }
  for (auto next = states_.begin(); next != states_.end();) {
    IndexCommit commit = target_->Begin();
    for (std::size_t i = 0; i < kStatesInOneCommit && next != states_.end(); ++i, ++next) {
      commit.PutState(next->first, next->second);
      if (revived_) QUIRE_TRY(commit.Unsettle(next->first));
    }
    if (const auto done = commit.Finish(record); !done) return Fail(done.error());
  }
  record.stored = stored;
  record.next_segment = std::max(record.next_segment, last_segment_ + 1);
  if (!revived_) record.limbo_floor = kLimboEverywhere;
  record.undeleted_below = undeleted_below;
  const auto done = target_->Begin().Finish(record);
  if (!done) return Fail(done.error());
  return {};
}

void IndexRebuild::Damage(SegmentId id, Finding finding) {
  finding.file = PathOf(id);
  summary_.findings.Add(std::move(finding));
}

std::size_t ReplayableJournal::Deletions(Lsn undeleted_below) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      tombstones, [=](const auto& tombstone) { return tombstone.second >= undeleted_below; }));
}

Result<ReplayableJournal> ReadReplayable(common::Disk& journal) {
  const auto names = journal.List();
  if (!names) return Fail(names.error());
  std::vector<std::pair<std::uint64_t, std::string>> files;
  for (const std::string& name : *names) {
    if (const auto epoch = ParseJournalFileName(name)) files.emplace_back(*epoch, name);
  }
  std::ranges::sort(files);
  ReplayableJournal found;
  Lsn& last = found.last;
  for (const auto& [epoch, name] : files) {
    const auto refuse = [&](std::uint64_t offset, const std::string& what) {
      return Fail(Errc::kCorrupt, journal.path() + "/" + name + " at offset " +
                                      std::to_string(offset) + ": " + what +
                                      "; no start would take this journal, with a new index or the "
                                      "old one. " +
                                      std::string(kOtherCopies));
    };
    const auto file = journal.Open(name, {});
    if (!file) return Fail(file.error());
    const auto size = (*file)->Size();
    if (!size) return Fail(size.error());
    JournalReader reader(**file, epoch, *size);
    bool begins_file = true;
    while (true) {
      const auto batch = reader.Next();
      if (!batch) return refuse(reader.offset(), batch.error().ToString());
      if (!*batch) break;
      const Lsn first = (*batch)->header.first;
      // A gap between files: an index that was lost covered what is missing, or nothing does.
      // Trimming takes the first files only, so somebody removed one.
      if (first <= last || (first != last + 1 && !begins_file)) {
        return refuse((*batch)->offset, "the batch begins with record " + std::to_string(first) +
                                            ", but " + std::to_string(last + 1) + " should follow");
      }
      if (first != last + 1) {
        if (last > 0) found.gaps.Add(Gap(name, found.stored + 1, last, first));
        found.stored = first - 1;
        found.tombstones.clear();
      }
      TakeTombstones((*batch)->body, found);
      last = first + (*batch)->header.records - 1;
      begins_file = false;
    }
    const auto later = reader.FindLater();
    if (!later) return refuse(reader.offset(), later.error().ToString());
    if (*later) return refuse(reader.offset(), "a batch is damaged");
  }
  return found;
}

}  // namespace quire::bookie
