#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bookie/index_view.h"
#include "bookie/offline_directory.h"
#include "bookie/offline_finding.h"
#include "bookie/offline_index.h"
#include "bookie/offline_segment.h"
#include "common/error.h"

namespace quire::bookie {

// Checks everything in a stopped bookie's directory: every checksum of journal, index and segments,
// and index against segments both ways. Reads each file once from front to back; only segments with
// something wrong in them are read again, extent by extent, to say which entries are concerned.
// Memory does not grow with the data, but for some tens of bytes for each segment. Blocking.
class OfflineVerify {
 public:
  struct Summary {
    std::uint64_t journal_files = 0;
    std::uint64_t journal_records = 0;
    std::uint64_t index_bytes = 0;
    std::uint64_t extents = 0;
    std::uint64_t ledgers = 0;
    std::uint64_t segments = 0;
    std::uint64_t segment_records = 0;
    std::uint64_t live_records = 0;  // of those, the ones that the index leads to
    std::uint64_t bytes = 0;         // that were read
    FindingList findings;
  };
  using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

  OfflineVerify(const OfflineDirectory& directory, Progress progress)
      : directory_(directory), progress_(std::move(progress)) {}

  // Once. Damage is a finding, never an error: an error is a folder that cannot be listed.
  common::Result<Summary> Run();

 private:
  using Items = std::vector<OfflineDirectory::Item>;
  struct SegmentCheck {
    std::optional<std::uint64_t> file_bytes;     // nothing: there is no such file
    std::optional<SegmentSpace> space;           // as the index says; nothing: not in the index
    std::uint64_t extent_bytes = 0;              // of all extents in it
    std::vector<OfflineSegment::Damage> damage;  // among the records, not explained yet
    bool suspect = false;                        // LocateDamage looks at each of its extents
  };
  class ExtentCheck;

  common::Result<void> ListFiles();
  void CheckCookie();
  void CheckIndex();
  void CheckHighest(protocol::LedgerId ledger, protocol::EntryId last_entry);
  void CheckTables();
  common::Result<void> CheckJournal();
  void CheckSegments();
  void CheckSegment(SegmentId id, SegmentCheck& check);
  void CheckSpace(SegmentId id, SegmentCheck& check);
  void LocateDamage();
  void ReportUnused();

  void Give(Finding finding) { summary_.findings.Add(std::move(finding)); }
  void Advance(std::uint64_t bytes);

  const OfflineDirectory& directory_;
  const Progress progress_;
  Summary summary_;
  std::uint64_t total_ = 0;

  Items tables_;  // all files of the index that are tables
  bool index_files_ = false;
  std::unique_ptr<OfflineIndexDb> index_;  // null: there is none, or it cannot be opened
  bool index_broken_ = false;              // it cannot be opened
  IndexWalk walk_;
  // Of each ledger the last entry that is in an extent, until its state was seen.
  std::map<protocol::LedgerId, protocol::EntryId> highest_;
  std::map<SegmentId, SegmentCheck> segments_;
};

}  // namespace quire::bookie
