#include "bookie/offline_verify.h"

#include <algorithm>
#include <utility>

#include "bookie/offline_journal.h"

namespace quire::bookie {

using common::Errc;
using common::Fail;
using common::Result;
using protocol::EntryId;
using protocol::LedgerId;

namespace {

constexpr std::size_t kMaxDamageKept = 1000;  // for each segment

std::string PathOf(SegmentId id) {
  return "segments/" + SegmentName(id);
}

std::string LedgersOf(const IndexTable& table) {
  const auto from = ParseExtentLedger(table.smallest);
  const auto to = ParseExtentLedger(table.largest);
  if (!from) return "ledger states, segments and the commit record";
  return to ? "extents of ledgers " + std::to_string(from->value()) + " to " +
                  std::to_string(to->value())
            : "extents from ledger " + std::to_string(from->value()) + " on, and ledger states";
}

}  // namespace

// One extent after the other, in the order of the index: gathers neighbours that are not where the
// index says into one finding each.
class OfflineVerify::ExtentCheck {
 public:
  explicit ExtentCheck(OfflineVerify& verify) : verify_(verify) {}

  void Look(LedgerId ledger, const Extent& extent) {
    const auto found = verify_.segments_.find(extent.segment());
    if (found == verify_.segments_.end() || !found->second.suspect) return;
    if (ledger != ledger_ || extent.segment() != segment_) {
      Finish();
      ledger_ = ledger;
      if (extent.segment() != segment_) Open(extent.segment());
    }
    std::uint64_t offset = extent.offset();
    for (const ExtentEntry& entry : extent.entries()) {
      const std::uint64_t end = offset + kRecordHeaderBytes + entry.length;
      if (file_ && RecordIsThere(*file_, segment_, offset, entry.length, ledger, entry.id)) {
        Finish();
      } else {
        if (count_++ == 0) {
          first_ = entry.id;
          offset_ = offset;
        }
        last_ = entry.id;
        std::erase_if(found->second.damage, [&](const OfflineSegment::Damage& damage) {
          return damage.offset < end && offset < damage.end;
        });
      }
      offset = end;
    }
  }

  void Finish() {
    if (count_ == 0) return;
    const std::string many = count_ == 1 ? "the entry is" : std::to_string(count_) + " entries are";
    verify_.Give({.file = PathOf(segment_),
                  .offset = file_ ? std::optional(offset_) : std::nullopt,
                  .ledger = ledger_,
                  .entries = std::pair(first_, last_),
                  .what = file_ ? many + " not readable where the index says"
                                : many + " in the file, which is missing or cannot be opened",
                  .advice = "this bookie cannot serve them; " + std::string(kOtherCopies)});
    count_ = 0;
  }

 private:
  void Open(SegmentId segment) {
    segment_ = segment;
    auto file = verify_.directory_.OpenFile(PathOf(segment));
    file_ = file ? *std::move(file) : nullptr;
  }

  OfflineVerify& verify_;
  LedgerId ledger_{-1};
  SegmentId segment_ = 0;
  std::unique_ptr<common::File> file_;  // of segment_
  // What is not there, so far.
  std::uint64_t count_ = 0;
  EntryId first_;
  EntryId last_;
  std::uint64_t offset_ = 0;
};

Result<OfflineVerify::Summary> OfflineVerify::Run() {
  QUIRE_TRY(ListFiles());
  CheckCookie();
  CheckIndex();
  QUIRE_TRY(CheckJournal());
  CheckSegments();
  LocateDamage();
  ReportUnused();
  return std::move(summary_);
}

void OfflineVerify::Advance(std::uint64_t bytes) {
  summary_.bytes += bytes;
  if (progress_) progress_(summary_.bytes, total_);
}

Result<void> OfflineVerify::ListFiles() {
  for (const char* folder : {"journal", "index", "segments"}) {
    const auto items = directory_.List(folder);
    if (!items) return Fail(items.error());
    if (!*items) continue;
    const bool index = std::string_view(folder) == "index";
    const bool segments = std::string_view(folder) == "segments";
    index_files_ = index_files_ || (index && !(*items)->empty());
    for (const auto& item : **items) {
      if (index && !item.name.ends_with(".sst")) continue;
      if (segments) {
        const auto id = ParseSegmentName(item.name);
        if (!id) continue;
        segments_[*id].file_bytes = item.bytes;
      }
      if (index) tables_.push_back(item);
      total_ += item.bytes;
    }
  }
  return {};
}

void OfflineVerify::CheckCookie() {
  const auto cookie = directory_.ReadCookie();
  if (cookie && *cookie) return;
  if (!cookie) {
    return Give({.file = "cookie",
                 .what = "is damaged: " + cookie.error().ToString(),
                 .advice = "put it back from a copy; it names the bookie that this directory is"});
  }
  const bool used = index_files_ || !segments_.empty();
  if (!used) return;
  Give({.file = "cookie",
        .what = "is missing, but there is data",
        .advice = "put it back from a copy; it names the bookie that this directory is"});
}

void OfflineVerify::CheckIndex() {
  auto index = OfflineIndexDb::Open(directory_.path() + "/index");
  if (index) {
    index_ = *std::move(index);
  } else {
    index_broken_ = true;
    Give({.file = "index",
          .what = "cannot be opened: " + index.error().ToString(),
          .advice =
              "nothing in this directory can be served without it; 'quire disk rebuild-index' "
              "makes a new one out of the segments"});
  }
  CheckTables();
  if (!index_ && !index_broken_ && !segments_.empty()) {
    index_broken_ = true;
    Give({.file = "index",
          .what = "is missing, but there are segments",
          .advice = "put it back from where it is, or make a new one with 'quire disk "
                    "rebuild-index'"});
  }
  if (!index_) return;
  LedgerId ledger(-1);
  EntryId last = protocol::kNoEntry;
  walk_ = WalkIndex(
      *index_,
      {.extent =
           [&](LedgerId of, const Extent& extent) {
             ++summary_.extents;
             segments_[extent.segment()].extent_bytes += extent.bytes();
             if (of == ledger && extent.first() <= last) {
               Give({.file = "index",
                     .ledger = of,
                     .entries = std::pair(extent.first(), last),
                     .what = "two extents of the ledger overlap",
                     .advice = "some of these entries may be denied; report it; " +
                               std::string(kOtherCopies)});
             }
             last = of == ledger ? std::max(last, extent.last()) : extent.last();
             ledger = of;
             highest_[of] = last;
           },
       .state =
           [&](LedgerId of, const LedgerState& state) {
             ++summary_.ledgers;
             CheckHighest(of, state.last_entry);
           },
       .space = [&](SegmentId id, const SegmentSpace& space) { segments_[id].space = space; },
       .tombstones = [&](const Tombstones& tombstones) { summary_.ledgers += tombstones.size(); },
       .finding = [this](Finding finding) { Give(std::move(finding)); }});
  while (walk_.complete && !highest_.empty()) {
    CheckHighest(highest_.begin()->first, protocol::kNoEntry);
  }
  const bool something = summary_.extents + summary_.ledgers > 0 || !segments_.empty();
  if (walk_.complete && !walk_.commit && something) {
    Give({.file = "index",
          .what = "the commit record is missing",
          .advice = "the index is not whole; " + std::string(kOtherCopies)});
  }
}

// A bookie takes an entry above what the ledger's state names for a new one, and looks for no copy.
void OfflineVerify::CheckHighest(LedgerId ledger, EntryId last_entry) {
  const auto highest = highest_.extract(ledger);
  if (highest.empty() || highest.mapped() <= last_entry) return;
  Give({.file = "index",
        .ledger = ledger,
        .entries = std::pair(last_entry + 1, highest.mapped()),
        .what = "the ledger's state says that it has no such entries",
        .advice = "they may be answered as unknown; report it; " + std::string(kOtherCopies)});
}

void OfflineVerify::CheckTables() {
  std::map<std::string, IndexTable> live;
  if (index_) {
    for (IndexTable& table : index_->Tables()) live.emplace(table.name, table);
  }
  for (const auto& table : tables_) {
    const std::string name = "index/" + table.name;
    const auto sound = VerifyIndexTable(directory_.path() + "/" + name);
    Advance(table.bytes);
    summary_.index_bytes += table.bytes;
    const auto found = live.find(table.name);
    if (sound) continue;
    Give({.file = name,
          .what = "is damaged: " + sound.error().ToString() +
                  (found == live.end() ? "" : "; it holds " + LedgersOf(found->second)),
          .advice = "what it holds cannot be served; " + std::string(kOtherCopies)});
  }
}

Result<void> OfflineVerify::CheckJournal() {
  std::optional<Lsn> stored;
  if (walk_.commit) stored = walk_.commit->stored;
  if (!walk_.commit && !index_broken_ && walk_.complete) stored = 0;  // nothing was ever stored
  OfflineJournal journal(
      directory_, stored,
      {.record = [this](const auto&, const auto&) { ++summary_.journal_records; },
       .finding = [this](Finding finding) { Give(std::move(finding)); },
       .progress = [this](std::uint64_t bytes) { Advance(bytes); }});
  const auto files = journal.Read();
  if (!files) return Fail(files.error());
  summary_.journal_files = files->size();
  return {};
}

void OfflineVerify::CheckSegments() {
  for (auto& [id, check] : segments_) {
    if (check.file_bytes) {
      ++summary_.segments;
      CheckSegment(id, check);
    }
    CheckSpace(id, check);
  }
}

void OfflineVerify::CheckSegment(SegmentId id, SegmentCheck& check) {
  const bool used = check.space || check.extent_bytes > 0;
  if (index_ && walk_.complete && walk_.commit && !used) {
    Advance(*check.file_bytes);
    return Give(
        {.kind = Finding::Kind::kHarmless,
         .file = PathOf(id),
         .what = "is a leftover: the index does not know it",
         .advice = "nothing to do: a crash left it, and the next start removes it or puts it into "
                   "quarantine"});
  }
  const auto file = directory_.OpenFile(PathOf(id));
  if (!file) {
    check.suspect = true;
    return Give({.file = PathOf(id),
                 .what = "cannot be opened: " + file.error().ToString(),
                 .advice = "check the disk and the rights; " + std::string(kOtherCopies)});
  }
  std::optional<IndexView> view;
  if (index_) view.emplace(*index_);
  std::uint64_t live_bytes = 0;
  const OfflineSegment::Visitor visitor{
      .record =
          [&](const protocol::EntryHeader& entry, std::uint64_t offset, std::uint32_t length) {
            ++summary_.segment_records;
            if (!view) return;
            const auto found = view->Find(entry.ledger, entry.entry);
            const EntryLocation here{.segment = id, .offset = offset, .length = length};
            if (!found || *found != here) return;
            ++summary_.live_records;
            live_bytes += kRecordHeaderBytes + length;
          },
      .damage =
          [&](OfflineSegment::Damage damage) {
            using Part = OfflineSegment::Damage::Part;
            check.suspect = true;
            if (damage.part == Part::kRecords) {
              if (check.damage.size() < kMaxDamageKept) check.damage.push_back(std::move(damage));
              return;
            }
            Give({.file = PathOf(id),
                  .offset = damage.offset,
                  .what = "is damaged: " + damage.what,
                  .advice = damage.part == Part::kFooter
                                ? "no entry is lost by that alone, but the disk changed bytes: "
                                  "check it, and do not delete the file"
                                : "the daemon serves nothing from this file; " +
                                      std::string(kOtherCopies)});
          },
      .progress = [this](std::uint64_t bytes) { Advance(bytes); }};
  std::optional<std::uint64_t> record_bytes;
  if (check.space) record_bytes = check.space->total;
  OfflineSegment segment(**file, id, *check.file_bytes, record_bytes, visitor);
  if (const auto read = segment.Read(); !read) {
    check.suspect = true;
    Give({.file = PathOf(id),
          .what = "cannot be read to its end: " + read.error().ToString(),
          .advice = "check the disk; " + std::string(kOtherCopies)});
  }
  if (live_bytes != check.extent_bytes) check.suspect = true;
}

void OfflineVerify::CheckSpace(SegmentId id, SegmentCheck& check) {
  if (!check.file_bytes) {
    check.suspect = true;
    Give({.file = PathOf(id),
          .what = "is missing, and the index needs it",
          .advice = "put it back if it was moved; the daemon refuses to start without it; " +
                    std::string(kOtherCopies)});
  }
  if (!walk_.complete) return;  // sums over what could be read say nothing
  if (!check.space && check.extent_bytes > 0) {
    Give({.file = "index",
          .what = "extents lie in segment " + std::to_string(id) + ", whose space is not recorded",
          .advice = "the daemon would remove that file at its next start: do not start it; " +
                    std::string(kOtherCopies)});
  }
  if (!check.space || check.space->live == check.extent_bytes) return;
  const bool more = check.space->live > check.extent_bytes;
  Give({.kind = more ? Finding::Kind::kHarmless : Finding::Kind::kDamage,
        .file = "index",
        .what = "segment " + std::to_string(id) + " counts " + std::to_string(check.space->live) +
                " live bytes, its extents have " + std::to_string(check.extent_bytes),
        .advice =
            more ? "space that is not given back, nothing else"
                 : "the file may be removed too early; report it; " + std::string(kOtherCopies)});
}

void OfflineVerify::LocateDamage() {
  const bool suspects =
      std::ranges::any_of(segments_, [](const auto& segment) { return segment.second.suspect; });
  if (!index_ || !suspects) return;
  ExtentCheck check(*this);
  WalkIndex(*index_,
            {.extent = [&](LedgerId ledger, const Extent& extent) { check.Look(ledger, extent); }});
  check.Finish();
}

// Damage between records that no extent led to.
void OfflineVerify::ReportUnused() {
  const bool certain = index_ && walk_.complete;
  for (auto& [id, check] : segments_) {
    for (const auto& damage : check.damage) {
      Give({.file = PathOf(id),
            .offset = damage.offset,
            .what = "is damaged: " + std::to_string(damage.end - damage.offset) + " " +
                    damage.what +
                    (certain ? "; no ledger uses them"
                             : "; which entries that concerns cannot be told without the index"),
            .advice =
                certain ? "no entry is lost, but the disk changed bytes: check it" : kOtherCopies});
    }
  }
}

}  // namespace quire::bookie
