#include "bookie/offline_inspect.h"

#include <algorithm>
#include <utility>

#include "bookie/offline_segment.h"
#include "bookie/record_bytes.h"
#include "common/bytes.h"

namespace quire::bookie {

using common::Fail;
using common::Result;
using protocol::EntryId;
using protocol::LedgerId;

namespace {

class Inspection {
 public:
  Inspection(const OfflineDirectory& directory, std::optional<LedgerId> ledger, LedgerReport* about)
      : directory_(directory), ledger_(ledger), about_(about) {}

  Result<DirectoryReport> Run() {
    report_.directory = directory_.path();
    auto cookie = directory_.ReadCookie();
    if (cookie) {
      report_.cookie = *std::move(cookie);
    } else {
      report_.findings.Add({.file = "cookie",
                            .what = "is damaged: " + cookie.error().ToString(),
                            .advice = "put it back from a copy"});
    }
    QUIRE_TRY(Index());
    QUIRE_TRY(Segments());
    QUIRE_TRY(Journal());
    return std::move(report_);
  }

 private:
  Result<void> Index() {
    const auto files = directory_.List("index");
    if (!files) return Fail(files.error());
    if (*files) {
      for (const auto& file : **files) report_.index_bytes += file.bytes;
    }
    const auto index = OfflineIndexDb::Open(directory_.path() + "/index");
    if (!index) {
      report_.findings.Add({.file = "index",
                            .what = "cannot be opened: " + index.error().ToString(),
                            .advice = kOtherCopies});
      return {};
    }
    if (!*index) return {};
    const IndexWalk walk = WalkIndex(
        **index,
        {.extent = [this](LedgerId ledger, const Extent& extent) { Take(ledger, extent); },
         .state = [this](LedgerId ledger, const LedgerState& state) { Take(ledger, state); },
         .space = [this](SegmentId id,
                         const SegmentSpace& space) { report_.segments[id].space = space; },
         .tombstones = [this](const Tombstones& tombstones) { Take(tombstones); },
         .finding = [this](Finding found) { report_.findings.Add(std::move(found)); }});
    report_.commit = walk.commit;
    return {};
  }

  void Take(LedgerId ledger, const Extent& extent) {
    ++report_.extents;
    report_.entries += extent.entries().size();
    report_.segments.try_emplace(extent.segment());
    if (ledger_ != ledger) return;
    if (about_->extent_count++ < LedgerReport::kMaxListed) about_->extents.push_back(extent);
    about_->entries += extent.entries().size();
    about_->bytes += extent.bytes();
  }

  void Take(LedgerId ledger, const LedgerState& state) {
    ++report_.ledgers;
    report_.fenced += state.fenced ? 1 : 0;
    report_.limbo += state.limbo ? 1 : 0;
    report_.deleted += state.deleted ? 1 : 0;
    if (ledger_ == ledger) about_->state = state;
  }

  void Take(const Tombstones& tombstones) {
    report_.ledgers += tombstones.size();
    report_.deleted += tombstones.size();
    if (!ledger_ || !tombstones.Contains(*ledger_)) return;
    about_->state = LedgerState{.key = {}, .deleted = true};
  }

  Result<void> Segments() {
    const auto files = directory_.List("segments");
    if (!files) return Fail(files.error());
    if (!*files) return {};
    for (const auto& item : **files) {
      if (auto dead = ParseQuarantineName(item.name)) {
        dead->bytes = item.bytes;
        report_.quarantine.push_back(*dead);
      }
      const auto id = ParseSegmentName(item.name);
      if (!id) continue;
      DirectoryReport::Segment& segment = report_.segments[*id];
      segment.file_bytes = item.bytes;
      const auto file = directory_.OpenFile("segments/" + item.name);
      const auto footer = file ? ReadSegmentFooter(**file, *id, item.bytes) : Fail(file.error());
      if (footer) {
        segment.footer = *footer;
        continue;
      }
      report_.findings.Add({.file = "segments/" + item.name,
                            .what = "has no footer that can be used: " + footer.error().ToString(),
                            .advice = "'quire disk verify' tells more"});
    }
    std::ranges::sort(report_.quarantine);
    return {};
  }

  Result<void> Journal() {
    std::optional<Lsn> stored;
    if (report_.commit) stored = report_.commit->stored;
    OfflineJournal journal(
        directory_, stored,
        {.record =
             [this, stored](const JournalFileReport& file, const JournalRecord& record) {
               if (record.lsn > stored.value_or(0)) Take(file.name, record);
             },
         .finding = [this](Finding found) { report_.findings.Add(std::move(found)); },
         .progress = {}});
    auto files = journal.Read();
    if (!files) return Fail(std::move(files).error());
    report_.journal = *std::move(files);
    return {};
  }

  void Take(const std::string& file, const JournalRecord& record) {
    ++report_.records_above_stored;
    const auto subject = OfflineJournal::SubjectOf(record.type, record.payload);
    if (!subject || ledger_ != subject->ledger) return;
    if (about_->journal_count++ >= LedgerReport::kMaxListed) return;
    about_->journal.push_back({.file = file,
                               .lsn = record.lsn,
                               .type = record.type,
                               .entry = subject->entry,
                               .payload_bytes = record.payload.size()});
  }

  const OfflineDirectory& directory_;
  const std::optional<LedgerId> ledger_;
  LedgerReport* const about_;
  DirectoryReport report_;
};

}  // namespace

Result<DirectoryReport> InspectDirectory(const OfflineDirectory& directory,
                                         std::optional<LedgerId> ledger, LedgerReport* report) {
  return Inspection(directory, report == nullptr ? std::nullopt : ledger, report).Run();
}

}  // namespace quire::bookie
