#include "tools/disk_rebuild.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "bookie/offline_rebuild.h"
#include "bookie/offline_rebuild_swap.h"
#include "bookie/offline_undelete.h"
#include "common/posix_disk.h"
#include "tools/console.h"
#include "tools/disk_findings.h"
#include "tools/disk_progress.h"
#include "tools/standard_output.h"

namespace quire::tools {

using bookie::Index;
using bookie::IndexRebuild;
using bookie::IndexSwap;
using bookie::Lsn;
using bookie::OfflineDirectory;
using bookie::UndeletedSegments;
using common::Fail;
using common::Result;

namespace {

constexpr const char* kCommand = "disk rebuild-index";

struct Outcome {
  std::string directory;
  IndexRebuild::Summary summary;
  bool resumed = false;  // the index that a crash kept from its place comes to it first
  bool whole = false;    // the index that is there: it keeps all it knows, but for what comes back
  Lsn stored = 0;
  Lsn undeleted_below = 0;
  std::size_t deletions = 0;    // of ledgers, in the journal, that the next start repeats
  std::size_t undone = 0;       // that it does not
  std::size_t quarantined = 0;  // segments that come back
  bool done = false;
  std::string old;  // where the old index is now; empty: there was none
};

std::string Count(std::uint64_t number) {
  return HumanCount(static_cast<std::int64_t>(number));
}

std::string Plan(const Outcome& outcome) {
  if (outcome.whole) {
    return "With --yes these ledgers come back, fenced and in limbo: what is here of them is\n"
           "served, nothing is denied. All others stay as they are.\n";
  }
  std::string plan =
      "With --yes the index is made anew: all these ledgers, and all others of this time,\n"
      "will be fenced and in limbo here: what is here is served, nothing is denied.";
  if (outcome.deletions > 0) plan += " With\n--undelete the deletions are undone as well.";
  return plan + "\n";
}

std::string Text(const Outcome& outcome) {
  const IndexRebuild::Summary& summary = outcome.summary;
  std::string text = FindingsText(summary.findings);
  if (!text.empty()) text += "\n";
  text += "directory  " + outcome.directory + "\n";
  text += "segments   " + Count(summary.segments) + " with " + Count(summary.records) +
          " records of " + Count(summary.ledgers) + " ledgers";
  if (summary.duplicates > 0) text += ", " + Count(summary.duplicates) + " of them copies";
  if (outcome.quarantined > 0) {
    text += ", " + Count(outcome.quarantined) + " of the segments out of quarantine";
  }
  if (outcome.resumed) {
    text += "\nindex      the one that an interrupted run had completed, index.complete, ";
    text += outcome.done ? "was taken up" : "will be taken up";
  }
  text +=
      "\njournal    the next start replays it behind LSN " + std::to_string(outcome.stored) + "\n";
  if (outcome.undone + outcome.deletions > 0) {
    text += "deletions  the journal has those of " + Count(outcome.undone + outcome.deletions) +
            " ledgers; " + Count(outcome.undone) + " are undone, the next start repeats " +
            Count(outcome.deletions) + "\n";
  }
  text += "result     " + FindingsCount(summary.findings) + "\n";
  if (!outcome.done) return text + "\nNothing was changed. " + Plan(outcome);
  text += "\nThe new index is in its place";
  if (!outcome.old.empty()) text += ", the old one is " + outcome.directory + "/" + outcome.old;
  return text + ". Start the bookie.\n";
}

nlohmann::json Json(const Outcome& outcome) {
  const IndexRebuild::Summary& summary = outcome.summary;
  return {{"directory", outcome.directory}, {"done", outcome.done},
          {"resumed", outcome.resumed},     {"old_index", outcome.old},
          {"stored_lsn", outcome.stored},   {"deletions", outcome.deletions},
          {"undone", outcome.undone},       {"quarantined", outcome.quarantined},
          {"segments", summary.segments},   {"records", summary.records},
          {"copies", summary.duplicates},   {"ledgers", summary.ledgers},
          {"bytes", summary.bytes},         {"findings", FindingsJson(summary.findings)}};
}

Result<Outcome> Rebuild(const OfflineDirectory& directory, const RebuildOptions& options,
                        DiskProgress& progress) {
  Outcome outcome;
  outcome.directory = directory.path();
  auto journal = bookie::ReadReplayable(*directory.OpenFolder("journal"));
  if (!journal) return Fail(std::move(journal).error());
  IndexSwap swap(directory);
  // What was undone before stays so, but no record to come may be below the mark.
  const Lsn next = journal->last + 1;
  const auto interrupted = swap.LookAtInterrupted(next);
  outcome.resumed = interrupted.has_value();
  const IndexSwap::Present present = interrupted ? *interrupted : swap.Look();
  const bool undelete = options.undelete || interrupted;  // it was one
  const bool whole = outcome.whole = present.why_not.has_value();
  if (whole && !undelete) return Fail(common::Errc::kInvalidArgument, *present.why_not);
  if (options.yes && !whole && !options.skip_gap && journal->gaps.damages() > 0) {
    const bookie::Finding& gap = journal->gaps.kept().front();
    return Fail(common::Errc::kCorrupt, directory.path() + "/" + gap.file + " " + gap.what + "; " +
                                            gap.advice +
                                            ". --skip-gap makes the index without them");
  }
  outcome.stored = whole ? present.stored : journal->stored;
  std::erase_if(journal->tombstones,
                [&](const auto& tombstone) { return tombstone.second <= outcome.stored; });
  outcome.undeleted_below = undelete ? next : std::min(present.undeleted_below, next);
  outcome.deletions = journal->Deletions(outcome.undeleted_below);
  outcome.undone = journal->tombstones.size() - outcome.deletions;
  const auto folder = directory.OpenFolder("segments");
  std::unique_ptr<UndeletedSegments> undeleted;
  if (undelete) {
    auto opened = UndeletedSegments::Open(*folder);
    if (!opened) return Fail(std::move(opened).error());
    undeleted = *std::move(opened);
    outcome.quarantined = undeleted->size();
  }
  std::unique_ptr<Index> index;
  if (options.yes) {
    if (interrupted) QUIRE_TRY(swap.Resume());
    auto begun = swap.Begin(whole);
    if (!begun) return Fail(std::move(begun).error());
    index = *std::move(begun);
  }
  IndexRebuild rebuild(
      undeleted ? *undeleted : *folder, index.get(),
      [&progress](std::uint64_t done, std::uint64_t total) { progress.Done(done, total); });
  if (whole) {
    auto deleted = present.deleted;
    for (const auto& [ledger, lsn] : journal->tombstones) deleted.insert(ledger);
    rebuild.OnlyRevive(std::move(deleted));
  }
  auto summary = rebuild.Run(outcome.stored, outcome.undeleted_below);
  if (!summary) return Fail(std::move(summary).error());
  outcome.summary = *std::move(summary);
  const auto add = [&](const bookie::FindingList& findings) {
    for (const bookie::Finding& finding : findings.kept()) outcome.summary.findings.Add(finding);
  };
  if (!whole) add(journal->gaps);
  if (undeleted) add(undeleted->findings());
  if (!options.yes) return outcome;
  index.reset();
  if (undeleted && undeleted->size() > 0) {
    const auto disk = common::PosixDisk::Create(folder->path());
    if (!disk) return Fail(disk.error());
    QUIRE_TRY(undeleted->BringBack(**disk));
  }
  auto old = swap.Finish();
  if (!old) return Fail(std::move(old).error());
  outcome.old = *std::move(old);
  outcome.done = true;
  return outcome;
}

}  // namespace

int DiskRebuild(const Session& session, const std::string& directory,
                const RebuildOptions& options) {
  using Lock = OfflineDirectory::Lock;
  const auto opened =
      OfflineDirectory::Open(directory, options.yes ? Lock::kExclusive : Lock::kShared);
  if (!opened) return CannotOpen(kCommand, opened.error());
  Result<Outcome> outcome;
  {
    DiskProgress progress(options.quiet);
    outcome = Rebuild(*opened, options, progress);
  }
  if (!outcome) {
    if (outcome.error().code() == common::Errc::kCorrupt) {  // the context says what to do
      return Failed(kExitDamage, std::string(kCommand) + ": " + outcome.error().context());
    }
    return Failed(kCommand, outcome.error());
  }
  const int printed = Print(session.json() ? Json(*outcome).dump(2) + "\n" : Text(*outcome));
  return DamageStatus(outcome->summary.findings, printed);
}

}  // namespace quire::tools
