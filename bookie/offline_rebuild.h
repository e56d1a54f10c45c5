#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "bookie/extent_merge.h"
#include "bookie/index.h"
#include "bookie/journal.h"
#include "bookie/ledger_state.h"
#include "bookie/offline_finding.h"
#include "bookie/offline_segment.h"
#include "common/disk.h"
#include "common/error.h"
#include "protocol/ids.h"

namespace quire::bookie {

// Makes an index anew out of the segments of a bookie that does not run and lost the old one. What
// stood in the old one only is gone: fences, ledger keys, explicit LACs and tombstones whose
// journal records were trimmed. So every ledger found comes back fenced and in limbo, and so does,
// by the limbo floor, every ledger of which nothing was found: the bookie serves what it has,
// denies nothing, and takes nothing from writers of that time (T-17).
//
// Segments are taken from the oldest to the newest, so that of two copies the newer one counts. A
// compaction leaves copies that are equal. Where recovery replaced a damaged copy, that one is
// passed over here and by every compaction as long as it does not verify; if it was only unreadable
// for a while, it is equal too. Memory is for one segment's entry ids and all ledgers' states.
// Blocking; one thread.
class IndexRebuild {
 public:
  struct Summary {
    std::uint64_t segments = 0;
    std::uint64_t records = 0;
    std::uint64_t duplicates = 0;  // of records, copies of others; not looked for without a target
    std::uint64_t ledgers = 0;
    std::uint64_t bytes = 0;  // that were read
    FindingList findings;
  };
  using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

  // `target`: an index in which nothing is; null: only look. The disk is only read.
  IndexRebuild(common::Disk& segments, Index* target, Progress progress)
      : disk_(segments), target_(target), progress_(std::move(progress)) {}

  // Only these ledgers, which were deleted, are looked for and come back, fenced and in limbo. The
  // target is a whole index and knows on what it knows of all others. Before Run.
  void OnlyRevive(std::set<protocol::LedgerId> ledgers) { revived_ = std::move(ledgers); }

  // Once. `stored`: where the replay of the journal begins (ReadReplayable); tombstones below
  // `undeleted_below` do not count then. Damage is a finding, never an error: an error is a file
  // that cannot be opened or a target that takes no commit, and what it holds is then worth
  // nothing. With OnlyRevive and a target a file that cannot be read to its end is one too
  // (kCorrupt, with what to do): a ledger of which nothing was found stays deleted and is denied.
  common::Result<Summary> Run(Lsn stored, Lsn undeleted_below);

 private:
  struct Group {  // what a segment has of one ledger
    protocol::LedgerId ledger;
    std::vector<PlacedEntry> entries;
  };
  struct Content {
    std::vector<Group> groups;
    std::uint64_t bytes = 0;  // of the records in them
    bool damaged = false;
  };

  common::Result<void> Take(SegmentId id);
  common::Result<Content> Read(SegmentId id, const common::File& file, std::uint64_t file_bytes,
                               bool unfinished);
  void TakeRecord(SegmentId id, const protocol::EntryHeader& entry, const PlacedEntry& placed,
                  Content& content);
  common::Result<void> Commit(SegmentId id, const common::File& file, const Content& content,
                              std::uint64_t record_bytes);
  // Compares what is also in older segments.
  common::Result<void> CompareCopies(SegmentId id, const common::File& file, const Group& group);
  bool SameRecord(SegmentId id, const common::File& file, const PlacedEntry& placed,
                  const EntryLocation& other);
  common::Result<void> CommitStates(Lsn stored, Lsn undeleted_below);

  bool Wanted(protocol::LedgerId ledger) const { return !revived_ || revived_->contains(ledger); }

  void Damage(SegmentId id, Finding finding);

  common::Disk& disk_;
  Index* const target_;
  const Progress progress_;
  std::optional<std::set<protocol::LedgerId>> revived_;  // nothing: all, into an empty index
  Summary summary_;
  std::uint64_t total_ = 0;
  SegmentId last_segment_ = 0;
  std::unordered_map<protocol::LedgerId, LedgerState> states_;
  // The segment that copies were found in last.
  SegmentId other_id_ = 0;
  std::unique_ptr<common::File> other_;
};

// What a start without the old index can replay of a journal.
struct ReplayableJournal {
  // The stored LSN with which a start replays all that is left, and is not refused: nothing in it
  // can be known to be in the segments. What is replayed though it was stored does no harm: of an
  // entry that came twice the journal has the later record, or both.
  Lsn stored = 0;
  Lsn last = 0;                                  // 0: there are no records
  std::map<protocol::LedgerId, Lsn> tombstones;  // above `stored`; of each ledger the last one
  // Where records are missing between two files only what lies behind them is replayed. These say
  // what is not, for the old index knew whether that is in the segments.
  FindingList gaps;

  // How many ledgers the start buries when tombstones below that LSN do not count.
  std::size_t Deletions(Lsn undeleted_below) const;
};

// Blocking. kCorrupt, with what to do: no start would take this journal.
common::Result<ReplayableJournal> ReadReplayable(common::Disk& journal);

}  // namespace quire::bookie
