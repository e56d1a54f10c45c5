#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bookie/extent.h"
#include "bookie/ledger_state.h"
#include "bookie/offline_directory.h"
#include "bookie/offline_finding.h"
#include "bookie/offline_index.h"
#include "bookie/offline_journal.h"
#include "bookie/quarantine.h"
#include "common/error.h"
#include "metadata/cookie.h"

namespace quire::bookie {

// What a stopped bookie's directory holds, by its index, its journal and the footers of its
// segments; the records in the segments are not read.
struct DirectoryReport {
  struct Segment {
    std::optional<std::uint64_t> file_bytes;  // nothing: the file is missing
    std::optional<SegmentFooter> footer;      // nothing: not readable
    std::optional<SegmentSpace> space;        // nothing: the index does not know it
  };

  std::string directory;
  std::optional<metadata::Cookie> cookie;
  std::vector<JournalFileReport> journal;
  std::uint64_t records_above_stored = 0;
  std::optional<CommitRecord> commit;
  std::uint64_t index_bytes = 0;
  std::uint64_t extents = 0;
  std::uint64_t entries = 0;  // that the index leads to
  std::map<SegmentId, Segment> segments;
  std::vector<QuarantinedSegment> quarantine;  // oldest first
  std::uint64_t ledgers = 0;                   // with a state in the index; of them:
  std::uint64_t fenced = 0;
  std::uint64_t limbo = 0;
  std::uint64_t deleted = 0;
  FindingList findings;
};

// One ledger of it.
struct LedgerReport {
  static constexpr std::size_t kMaxListed = 10'000;  // of extents, and of records; all are counted

  struct Record {
    std::string file = {};
    Lsn lsn = 0;
    RecordType type = RecordType::kEntry;
    std::optional<protocol::EntryId> entry = {};  // of an entry record
    std::uint64_t payload_bytes = 0;
  };

  std::optional<LedgerState> state;  // as of the stored LSN
  std::vector<Extent> extents;
  std::uint64_t extent_count = 0;
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;      // of its records in segments
  std::vector<Record> journal;  // above the stored LSN
  std::uint64_t journal_count = 0;

  bool known() const { return state || extent_count > 0 || journal_count > 0; }
};

// Blocking. `ledger` and `report` for one ledger beside; both may be missing. An error: a folder
// that cannot be listed. What cannot be read is a finding.
common::Result<DirectoryReport> InspectDirectory(const OfflineDirectory& directory,
                                                 std::optional<protocol::LedgerId> ledger,
                                                 LedgerReport* report);

}  // namespace quire::bookie
