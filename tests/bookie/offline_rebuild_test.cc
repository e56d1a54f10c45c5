#include "bookie/offline_rebuild.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bookie/offline_rebuild_swap.h"
#include "bookie/segment_writer.h"
#include "offline_fixture.h"

namespace quire::bookie {
namespace {

namespace fs = std::filesystem;

using common::Errc;
using protocol::EntryId;
using protocol::LedgerId;
using ::testing::EndsWith;
using ::testing::HasSubstr;

// On the directory of a real bookie that was killed.
class OfflineRebuildTest : public OfflineFixture {
 protected:
  using Extents = std::vector<std::pair<LedgerId, Extent>>;

  struct Contents {
    Extents extents;
    std::map<LedgerId, LedgerState> states;
    std::map<SegmentId, SegmentSpace> spaces;
    std::optional<CommitRecord> commit;
  };
  Contents ReadIndex(const std::string& name = "index") {
    Contents contents;
    const auto db = OfflineIndexDb::Open(path_ + "/" + name).value();
    contents.commit =
        WalkIndex(
            *db,
            {.extent = [&](LedgerId ledger,
                           const Extent& extent) { contents.extents.emplace_back(ledger, extent); },
             .state = [&](LedgerId ledger,
                          const LedgerState& state) { contents.states[ledger] = state; },
             .space = [&](SegmentId id, const SegmentSpace& space) { contents.spaces[id] = space; },
             .finding = [](const Finding& finding) { ADD_FAILURE() << finding.what; }})
            .commit;
    return contents;
  }

  // As the tool does it.
  IndexRebuild::Summary Rebuild() {
    const auto directory = OfflineDirectory::Open(path_, OfflineDirectory::Lock::kExclusive);
    EXPECT_TRUE(directory) << directory.error().ToString();
    IndexSwap swap(*directory);
    auto index = swap.Begin(false).value();
    const auto journal = ReadReplayable(*directory->OpenFolder("journal"));
    EXPECT_TRUE(journal) << journal.error().ToString();
    const auto segments = directory->OpenFolder("segments");
    auto summary = IndexRebuild(*segments, index.get(), nullptr).Run(journal->stored, 0).value();
    index.reset();
    old_ = swap.Finish().value();
    return summary;
  }

  std::string old_;
};

TEST_F(OfflineRebuildTest, H15TheExtentsAreTheOriginalOnesAndEveryLedgerIsInLimbo) {
  const Contents before = ReadIndex();
  ASSERT_GE(before.spaces.size(), 2U);
  fs::remove_all(path_ + "/index");
  const auto summary = Rebuild();
  EXPECT_EQ(summary.findings.damages(), 0U);
  EXPECT_EQ(summary.duplicates, 0U);
  EXPECT_EQ(old_, "");
  const Contents after = ReadIndex();
  EXPECT_EQ(after.extents, before.extents);
  EXPECT_EQ(after.spaces, before.spaces);
  EXPECT_EQ(after.commit->limbo_floor, kLimboEverywhere);
  EXPECT_EQ(after.commit->bookie, Inspect().cookie->bookie);
  EXPECT_GE(after.commit->next_segment, before.commit->next_segment);
  // Ledger 3 was only fenced: nothing of it is in a segment, and the floor covers it.
  EXPECT_EQ(after.states.size(), 2U);
  for (const auto& [ledger, state] : after.states) {
    EXPECT_TRUE(state.fenced && state.limbo && !state.deleted && state.key.is_nil());
    EXPECT_EQ(state.last_entry, before.states.at(ledger).last_entry);
    EXPECT_EQ(state.lac, before.states.at(ledger).lac);
  }
  EXPECT_EQ(Verify().findings.damages(), 0U) << All(Verify());
  const DirectoryReport report = Inspect();
  EXPECT_EQ(report.limbo, 2U);
}

TEST_F(OfflineRebuildTest, TheJournalIsReplayedFromItsBeginning) {
  // Trimmed files stay for a while: what is in them and in segments is replayed once more.
  const auto directory = OfflineDirectory::Open(path_);
  const DirectoryReport report = Inspect();
  Lsn first = 0;
  for (const auto& file : report.journal) {
    if (first == 0) first = file.first;
  }
  ASSERT_GT(first, 0U);
  EXPECT_EQ(ReadReplayable(*directory->OpenFolder("journal"))->stored, first - 1);
  // A file that was used again leaves a later beginning.
  for (const auto& file : report.journal) {
    if (file.first != first) continue;
    fs::remove(path_ + "/journal/" + file.name);
    EXPECT_EQ(ReadReplayable(*directory->OpenFolder("journal"))->stored, file.last);
  }
  fs::remove_all(path_ + "/journal");
  EXPECT_EQ(ReadReplayable(*directory->OpenFolder("journal"))->stored, 0U);
}

// The lost index knew whether what lies in front of the gap is in the segments; nobody else does.
TEST_F(OfflineRebuildTest, AGapBetweenJournalFilesIsDamage) {  // G04
  std::vector<JournalFileReport> files;
  for (const auto& file : Inspect().journal) {
    if (file.records > 0) files.push_back(file);
  }
  ASSERT_GE(files.size(), 3U);
  const auto directory = OfflineDirectory::Open(path_);
  const auto journal = directory->OpenFolder("journal");
  const auto whole = ReadReplayable(*journal);
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->gaps.kept().size(), 0U);
  EXPECT_EQ(whole->last, files.back().last);
  fs::remove(path_ + "/journal/" + files[1].name);
  const auto cut = ReadReplayable(*journal);
  EXPECT_EQ(cut->stored, files[1].last);
  ASSERT_EQ(cut->gaps.damages(), 1U);
  EXPECT_EQ(cut->gaps.kept()[0].file, "journal/" + files[2].name);
  const auto range = [](Lsn from, Lsn to) {
    return std::to_string(from) + " to " + std::to_string(to);
  };
  EXPECT_THAT(cut->gaps.kept()[0].what,
              HasSubstr("records " + range(files[1].first, files[1].last) + " are missing; " +
                        range(files[0].first, files[1].last) + " will not be replayed"));
  // Files that are missing in front of all others were trimmed.
  fs::remove(path_ + "/journal/" + files[0].name);
  const auto trimmed = ReadReplayable(*journal);
  EXPECT_EQ(trimmed->stored, files[1].last);
  EXPECT_EQ(trimmed->gaps.kept().size(), 0U);
}

TEST_F(OfflineRebuildTest, AJournalThatNoStartTakesIsRefused) {  // G04
  Flip(LastJournal(), 60);
  const auto directory = OfflineDirectory::Open(path_);
  const auto replayable = ReadReplayable(*directory->OpenFolder("journal"));
  ASSERT_FALSE(replayable);
  EXPECT_EQ(replayable.error().code(), Errc::kCorrupt);
  EXPECT_THAT(replayable.error().context(), HasSubstr("journal-"));
  EXPECT_THAT(replayable.error().context(), HasSubstr("other bookies hold copies"));
}

TEST_F(OfflineRebuildTest, LookingChangesNothing) {
  fs::remove_all(path_ + "/index");
  const auto before = Snapshot(path_);
  {
    const auto directory = OfflineDirectory::Open(path_);
    EXPECT_TRUE(ReadReplayable(*directory->OpenFolder("journal")));
    EXPECT_EQ(IndexSwap(*directory).Look().why_not, std::nullopt);
    const auto segments = directory->OpenFolder("segments");
    EXPECT_FALSE(segments->Remove(SegmentName(1)));
    std::uint64_t done = 0;
    std::uint64_t of = 0;
    const auto summary =
        IndexRebuild(*segments, nullptr, [&](std::uint64_t bytes, std::uint64_t total) {
          done = bytes;
          of = total;
        }).Run(0, 0);
    EXPECT_EQ(summary->ledgers, 2U);
    EXPECT_GT(summary->records, 2000U);
    EXPECT_EQ(done, of);
    EXPECT_GT(done, 0U);
  }
  EXPECT_EQ(Snapshot(path_), before);
}

TEST_F(OfflineRebuildTest, ADamagedRecordIsSkippedAndReported) {  // H11
  const Contents before = ReadIndex();
  const SegmentId id = Segments().front();
  Flip(Path(id), OffsetOf(Path(id), 100) + 50);
  fs::remove_all(path_ + "/index");
  const auto summary = Rebuild();
  ASSERT_EQ(summary.findings.damages(), 1U);
  EXPECT_EQ(summary.findings.kept()[0].file, Path(id));
  std::uint64_t entries = 0;
  bool there = false;
  for (const auto& [ledger, extent] : ReadIndex().extents) {
    entries += extent.entries().size();
    there = there || (ledger == LedgerId(1) && extent.Find(EntryId(100)));
  }
  for (const auto& [ledger, extent] : before.extents) entries -= extent.entries().size();
  EXPECT_EQ(entries, static_cast<std::uint64_t>(-1));
  EXPECT_FALSE(there);
  EXPECT_EQ(ReadIndex().spaces.at(id), before.spaces.at(id)) << "the file stays";
}

TEST_F(OfflineRebuildTest, AFileWithNothingToReadInItStays) {
  const SegmentId id = Segments().front();
  const auto bytes = Content(path_ + "/" + Path(id)).size();
  Overwrite(path_ + "/" + Path(id), std::string(bytes, 'x'));
  fs::remove_all(path_ + "/index");
  EXPECT_GT(Rebuild().findings.damages(), 0U);
  EXPECT_EQ(ReadIndex().spaces.count(id), 1U);
}

TEST_F(OfflineRebuildTest, WhatAFlushDidNotFinishIsHarmless) {  // G15
  const SegmentId id = Segments().back();
  const std::string whole = Content(path_ + "/" + Path(id));
  const auto cut = [&](SegmentId as, std::size_t records) {
    // Space was taken before the first byte, so the end is zeros.
    std::string bytes = whole.substr(0, kSegmentHeaderBytes + records);
    bytes.resize(whole.size(), '\0');
    Overwrite(path_ + "/" + Path(as), bytes);
  };
  cut(id, 100'000);
  Overwrite(path_ + "/" + Path(id + 1), std::string(whole.size(), '\0'));
  Overwrite(path_ + "/" + Path(id + 2), "");
  fs::remove_all(path_ + "/index");
  const auto summary = Rebuild();
  EXPECT_EQ(summary.findings.damages(), 0U);
  EXPECT_EQ(summary.findings.harmless(), 3U);
  const Contents after = ReadIndex();
  EXPECT_EQ(after.spaces.count(id), 1U) << "what it has is used";
  EXPECT_EQ(after.spaces.count(id + 1), 0U);
  EXPECT_EQ(after.spaces.count(id + 2), 0U);
  EXPECT_GE(after.commit->next_segment, id + 3);
}

TEST_F(OfflineRebuildTest, AWholeIndexIsLeftAloneAndADamagedOneIsKept) {
  const auto directory = [&] { return OfflineDirectory::Open(path_); };
  const auto why = IndexSwap(*directory()).Look().why_not;
  ASSERT_TRUE(why);
  EXPECT_THAT(*why, HasSubstr("is whole"));
  EditIndex([](IndexDb&, IndexDb::Batch& batch) { batch.Put(StateKey(LedgerId(1)), "rotten"); });
  EXPECT_EQ(IndexSwap(*directory()).Look().why_not, std::nullopt);
}

TEST_F(OfflineRebuildTest, TheOldIndexIsKeptUnderAnotherName) {
  Overwrite(path_ + "/index/CURRENT", "nonsense");
  fs::create_directory(path_ + "/index.old-1");     // of an earlier time
  fs::create_directory(path_ + "/index.building");  // an attempt that died
  Overwrite(path_ + "/index.building/CURRENT", "half");
  fs::create_directory(path_ + "/index.complete");  // one that died between its last steps
  Overwrite(path_ + "/index.complete/mark", "old or new");
  Rebuild();
  EXPECT_EQ(Content(path_ + "/index.old-2/mark"), "old or new");
  EXPECT_EQ(old_, "index.old-3");
  EXPECT_EQ(Content(path_ + "/index.old-3/CURRENT"), "nonsense");
  EXPECT_FALSE(fs::exists(path_ + "/index.building"));
  EXPECT_FALSE(fs::exists(path_ + "/index.complete"));
  EXPECT_TRUE(ReadIndex().commit);
}

TEST_F(OfflineRebuildTest, OneAtATime) {  // I05
  const auto one = OfflineDirectory::Open(path_, OfflineDirectory::Lock::kExclusive);
  ASSERT_TRUE(one);
  for (const auto lock : {OfflineDirectory::Lock::kExclusive, OfflineDirectory::Lock::kShared}) {
    const auto other = OfflineDirectory::Open(path_, lock);
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code(), Errc::kBusy);
  }
}

// Copies, which a compaction leaves when it dies around its commit.
class RebuildCopiesTest : public ::testing::Test {
 protected:
  // A segment beside those of the store, with entries 0 to 9 of ledger 1.
  void WriteCopy(SegmentId id, std::int64_t other_bytes_of = -1) {
    std::vector<std::string> entries;
    std::uint64_t bytes = 0;
    for (std::int64_t entry = 0; entry < 10; ++entry) {
      entries.push_back(MakeEntry(1, entry));
      if (entry == other_bytes_of) {
        entries.back().clear();
        protocol::EncodeEntry({.ledger = LedgerId(1), .entry = EntryId(entry)},
                              std::string(100, 'x'), entries.back());
      }
      bytes += kRecordHeaderBytes + entries.back().size();
    }
    auto writer = SegmentWriter::Create(store_.disk, id, bytes).value();
    for (const std::string& entry : entries) ASSERT_TRUE(writer->Append(entry));
    ASSERT_TRUE(writer->Finish());
  }
  IndexRebuild::Summary Rebuild() {
    store_.Close();
    fs::remove_all(store_.index.path() + "/index");
    const auto index = Index::Open(store_.index.path() + "/index", nullptr).value();
    return IndexRebuild(store_.disk, index.get(), nullptr).Run(0, 0).value();
  }

  StoreHarness store_;
};

TEST_F(RebuildCopiesTest, TheNewerCopyCountsAndTheOtherIsGarbage) {  // H09
  ASSERT_TRUE(store_.Open());
  store_.AddRange(1, 0, 9);
  ASSERT_TRUE(store_.Flush());
  store_.AddRange(1, 10, 14);
  store_.AddRange(2, 0, 4);
  ASSERT_TRUE(store_.Flush());
  WriteCopy(7);
  const auto summary = Rebuild();
  EXPECT_EQ(summary.duplicates, 10U);
  EXPECT_EQ(summary.findings.damages(), 0U);
  ASSERT_TRUE(store_.Open());
  EXPECT_EQ(store_.store->limbo_floor(), kLimboEverywhere);
  EXPECT_TRUE(store_.HasAll(1, 0, 14));
  EXPECT_TRUE(store_.HasAll(2, 0, 4));
  EXPECT_EQ(store_.Segments(), (std::vector<std::string>{SegmentName(2), SegmentName(7)}));
  store_.AddRange(3, 0, 3);
  ASSERT_TRUE(store_.Flush());
  EXPECT_EQ(store_.Segments().back(), SegmentName(8));
  ASSERT_TRUE(store_.Reopen());
  EXPECT_EQ(store_.store->limbo_floor(), kLimboEverywhere) << "carried by every commit";
}

TEST_F(RebuildCopiesTest, CopiesThatDifferAreReported) {  // T-37
  ASSERT_TRUE(store_.Open());
  store_.AddRange(1, 0, 9);
  ASSERT_TRUE(store_.Flush());
  WriteCopy(7, 4);
  const auto summary = Rebuild();
  ASSERT_EQ(summary.findings.damages(), 1U);
  EXPECT_EQ(summary.findings.kept()[0].entries, std::pair(EntryId(4), EntryId(4)));
  EXPECT_EQ(summary.findings.kept()[0].file, "segments/" + SegmentName(7));
  EXPECT_THAT(summary.findings.kept()[0].what, HasSubstr("these are used"));
  ASSERT_TRUE(store_.Open());
  EXPECT_THAT(store_.Read(1, {4}).front().bytes, EndsWith(std::string(100, 'x')));
}

TEST_F(RebuildCopiesTest, ADamagedCopyThatWasReplacedDoesNotComeBack) {
  ASSERT_TRUE(store_.Open());
  store_.AddRange(1, 0, 9);
  ASSERT_TRUE(store_.Flush());
  store_.disk.Flip(SegmentName(1), kSegmentHeaderBytes + 4 * (kRecordHeaderBytes + 136) + 50);
  store_.Add(1, 4, 60);
  ASSERT_TRUE(store_.Flush());
  const auto summary = Rebuild();
  EXPECT_EQ(summary.findings.damages(), 1U);
  EXPECT_EQ(summary.duplicates, 0U);
  ASSERT_TRUE(store_.Open());
  EXPECT_TRUE(store_.HasAll(1, 0, 3));
  EXPECT_TRUE(store_.HasAll(1, 4, 4, 60));
  EXPECT_TRUE(store_.HasAll(1, 5, 9));
}

// A client wrote a whole record of this segment into its payload: damage in front of it must not
// bring it to light.
TEST_F(RebuildCopiesTest, WhatStandsInAPayloadIsNoRecord) {
  common::AlignedBuffer hidden;
  AppendRecord(RecordSeed(1), MakeEntry(1, 5), hidden);
  std::string outer;
  protocol::EncodeEntry({.ledger = LedgerId(1), .entry = EntryId(1)}, hidden.view(), outer);
  ASSERT_TRUE(store_.Open());
  store_.Add(1, 0);
  store_.lsn += 2;
  store_.store->Add(LedgerId(1), EntryId(1), outer, Copies::kPerhaps);
  store_.Add(1, 9);
  ASSERT_TRUE(store_.Flush());
  store_.disk.Flip(SegmentName(1), kSegmentHeaderBytes + kRecordHeaderBytes + 136 + 20);
  const auto summary = Rebuild();
  EXPECT_EQ(summary.findings.damages(), 1U);
  EXPECT_EQ(summary.records, 2U);
  ASSERT_TRUE(store_.Open());
  EXPECT_EQ(store_.ReadOne(1, 5), protocol::Code::kNoEntry);
  EXPECT_EQ(store_.ReadOne(1, 9), protocol::Code::kOk);
}

// Recovery filled gaps below what was there: ranges must not overlap, whatever the order.
TEST_F(RebuildCopiesTest, GapsThatWereFilledLaterComeBack) {
  ASSERT_TRUE(store_.Open());
  store_.AddRange(1, 0, 3);
  store_.AddRange(1, 8, 9);
  store_.AddRange(1, 20, 29);
  ASSERT_TRUE(store_.Flush());
  store_.AddRange(1, 5, 6);
  store_.AddRange(1, 12, 15);
  ASSERT_TRUE(store_.Flush());
  store_.AddRange(1, 4, 4);
  ASSERT_TRUE(store_.Flush());
  EXPECT_EQ(Rebuild().duplicates, 0U);
  ASSERT_TRUE(store_.Open());
  EXPECT_TRUE(store_.HasAll(1, 0, 6));
  EXPECT_TRUE(store_.HasAll(1, 8, 9));
  EXPECT_TRUE(store_.HasAll(1, 12, 15));
  EXPECT_TRUE(store_.HasAll(1, 20, 29));
  EXPECT_EQ(store_.ReadOne(1, 7), protocol::Code::kNoEntry);
}

}  // namespace
}  // namespace quire::bookie
