#include "bookie/offline_verify.h"

#include "tests/bookie/offline_fixture.h"

namespace quire::bookie {
namespace {

namespace fs = std::filesystem;
using protocol::EntryId;
using protocol::LedgerId;
using ::testing::HasSubstr;

using OfflineVerifyTest = OfflineFixture;

TEST_F(OfflineVerifyTest, AFlippedByteInASegmentRecordNamesItsEntry) {  // H04, H11
  const std::string file = Path(Segments().at(1));
  std::vector<std::int64_t> entries;
  for (std::int64_t id = 1100; id < kEntries && entries.size() < 3; id += 100) {
    std::string ids;
    common::AppendBig(ids, std::int64_t{1});
    common::AppendBig(ids, id);
    if (Content(path_ + "/" + file).contains(ids)) entries.push_back(id);
  }
  ASSERT_EQ(entries.size(), 3U);
  const std::vector<std::uint64_t> at{OffsetOf(file, entries[0]), OffsetOf(file, entries[1]),
                                      OffsetOf(file, entries[2])};
  const auto records = Verify().segment_records;
  Flip(file, at[1] - kRecordHeaderBytes);  // the entry itself verifies all the same
  EXPECT_EQ(VerifyOne().entries, std::pair(EntryId(entries[1]), EntryId(entries[1])));
  Flip(file, at[1] - kRecordHeaderBytes);

  Flip(file, at[0] + 50);                      // payload
  Flip(file, at[1] - kRecordHeaderBytes);      // crc
  Flip(file, at[2] - kRecordHeaderBytes + 4);  // length: the next record is searched for
  const auto summary = Verify();
  ASSERT_EQ(summary.findings.kept().size(), 3U) << All(summary);
  EXPECT_EQ(summary.segment_records, records - 3);
  for (std::size_t i = 0; i < 3; ++i) {
    const Finding& finding = summary.findings.kept()[i];
    EXPECT_EQ(finding.file, file);
    EXPECT_EQ(finding.offset, at[i] - kRecordHeaderBytes);
    EXPECT_EQ(finding.ledger, LedgerId(1));
    EXPECT_EQ(finding.entries, std::pair(EntryId(entries[i]), EntryId(entries[i])));
    EXPECT_THAT(finding.advice, HasSubstr("other bookies hold copies"));
  }
}

TEST_F(OfflineVerifyTest, ALostRangeOfASegmentIsOneFinding) {  // H04
  const std::string file = Path(Segments().at(0));
  const std::uint64_t at = OffsetOf(file, 100) - kRecordHeaderBytes;
  const std::uint64_t end = OffsetOf(file, 150) - kRecordHeaderBytes;
  Zero(file, at, end - at);
  const Finding finding = VerifyOne();
  EXPECT_EQ(finding.offset, at);
  EXPECT_EQ(finding.entries, std::pair(EntryId(100), EntryId(149)));
  EXPECT_THAT(finding.what, HasSubstr("50 entries"));
}

TEST_F(OfflineVerifyTest, HeaderFooterAndPaddingOfSegmentsAreChecked) {  // H04
  const std::string file = Path(Segments().at(0));
  const std::uint64_t size = fs::file_size(path_ + "/" + file);
  Flip(file, 13);
  EXPECT_THAT(VerifyOne().what, HasSubstr("the header"));
  Flip(file, 13);
  Flip(file, size - kSegmentFooterBytes + 20);
  EXPECT_THAT(VerifyOne().what, HasSubstr("the footer"));
  EXPECT_EQ(VerifyOne().offset, size - kSegmentFooterBytes);
  Flip(file, size - kSegmentFooterBytes + 20);
  Flip(file, size - kSegmentFooterBytes - 1);
  EXPECT_THAT(VerifyOne().what, HasSubstr("padding"));
}

TEST_F(OfflineVerifyTest, ATruncatedSegmentLosesItsLastEntries) {  // G15
  const std::string file = Path(Segments().at(0));
  fs::resize_file(path_ + "/" + file, fs::file_size(path_ + "/" + file) / 2);
  const auto summary = Verify();
  ASSERT_EQ(summary.findings.damages(), 3U) << All(summary);  // the footer, and each ledger
  EXPECT_THAT(summary.findings.kept()[0].what, HasSubstr("footer"));
  EXPECT_EQ(summary.findings.kept().back().ledger, LedgerId(2));
}

TEST_F(OfflineVerifyTest, AMissingSegmentIsDamageAndItsEntriesAreNamed) {
  const SegmentId lost = Segments().at(0);
  fs::remove(path_ + "/" + Path(lost));
  const auto summary = Verify();
  ASSERT_EQ(summary.findings.damages(), 3U) << All(summary);  // the file, and each ledger
  EXPECT_THAT(summary.findings.kept()[0].what, HasSubstr("is missing"));
  EXPECT_EQ(summary.findings.kept()[1].ledger, LedgerId(1));
  EXPECT_EQ(summary.findings.kept()[1].entries->first, EntryId(0));
  EXPECT_EQ(summary.findings.kept()[2].ledger, LedgerId(2));
}

TEST_F(OfflineVerifyTest, ASegmentThatTheIndexDoesNotKnowIsALeftover) {  // G15, H09
  Overwrite(path_ + "/" + Path(900), "what a crash left of it");
  const Finding finding = VerifyOne(Finding::Kind::kHarmless);
  EXPECT_EQ(finding.file, Path(900));
  EXPECT_THAT(finding.what, HasSubstr("leftover"));
}

TEST_F(OfflineVerifyTest, AnotherSegmentUnderTheNameOfOneIsDamage) {
  const auto ids = Segments();
  fs::copy_file(path_ + "/" + Path(ids.at(1)), path_ + "/" + Path(ids.at(0)),
                fs::copy_options::overwrite_existing);
  const auto summary = Verify();
  EXPECT_GE(summary.findings.damages(), 4U) << All(summary);
  EXPECT_THAT(All(summary), HasSubstr("header of another segment"));
}

TEST_F(OfflineVerifyTest, AFlippedByteInAnyTableOfTheIndexIsFound) {  // H04 (index)
  int tables = 0;
  for (const auto& item : fs::directory_iterator(path_ + "/index")) {
    if (item.path().extension() != ".sst") continue;
    ++tables;
    const std::string file = "index/" + item.path().filename().string();
    for (const std::uint64_t part : {1U, 3U, 5U}) {
      const std::uint64_t offset = item.file_size() * part / 6;
      Flip(file, offset);
      const auto summary = Verify();
      EXPECT_THAT(All(summary), HasSubstr(file)) << offset;
      EXPECT_GE(summary.findings.damages(), 1U);
      EXPECT_GE(summary.segment_records, 100U) << "and the segments are checked all the same";
      Flip(file, offset);
    }
  }
  EXPECT_GE(tables, 1);
  EXPECT_EQ(Verify().findings.damages(), 0U);
}

TEST_F(OfflineVerifyTest, AnIndexThatCannotBeOpenedIsDamage) {
  for (const auto& item : fs::directory_iterator(path_ + "/index")) {
    if (item.path().extension() != ".sst") continue;
    fs::rename(item.path(), scratch_.path() + "/table");
    EXPECT_THAT(All(Verify()), HasSubstr("cannot be opened"));
    fs::rename(scratch_.path() + "/table", item.path());
    break;
  }
  EXPECT_EQ(Verify().findings.damages(), 0U);
  fs::remove(path_ + "/index/CURRENT");
  EXPECT_THAT(All(Verify()), HasSubstr("CURRENT is missing"));
  fs::remove_all(path_ + "/index");
  EXPECT_THAT(All(Verify()), HasSubstr("index@0: is missing"));
}

TEST_F(OfflineVerifyTest, IndexAndSegmentsThatDisagreeAreDamage) {
  LedgerReport ledger;
  Inspect(&ledger);
  const Extent& good = ledger.extents.at(2);
  Extent shifted(good.segment(), good.offset() + 1);
  for (const ExtentEntry& entry : good.entries()) shifted.Append(entry);
  EditIndex([&](IndexDb&, IndexDb::Batch& batch) {
    Put(batch, ExtentKey(LedgerId(1), good.first()), shifted.Encode());
  });
  const Finding finding = VerifyOne();
  EXPECT_EQ(finding.ledger, LedgerId(1));
  EXPECT_EQ(finding.entries, std::pair(good.first(), good.last()));

  EditIndex([&](IndexDb&, IndexDb::Batch& batch) {  // a twin of another ledger
    Put(batch, ExtentKey(LedgerId(1), good.first()), good.Encode());
    Put(batch, ExtentKey(LedgerId(7), good.first()), good.Encode());
  });
  const auto twin = Verify();
  EXPECT_EQ(twin.findings.damages(), 3U)
      << All(twin);  // its entries, its state, and the live bytes
  EXPECT_THAT(All(twin), HasSubstr("live bytes"));
}

// An add above the last entry of the state is not compared with what is stored.
TEST_F(OfflineVerifyTest, AnExtentAboveTheLastEntryOfTheStateIsDamage) {
  LedgerReport ledger;
  Inspect(&ledger);
  LedgerState state = ledger.state.value();
  const EntryId last = state.last_entry;
  state.last_entry = last - 2;
  EditIndex([&](IndexDb&, IndexDb::Batch& batch) {
    Put(batch, StateKey(LedgerId(1)), EncodeState(state));
  });
  const Finding finding = VerifyOne();
  EXPECT_EQ(finding.ledger, LedgerId(1));
  EXPECT_EQ(finding.entries, std::pair(last - 1, last));
  EditIndex([&](IndexDb&, IndexDb::Batch& batch) { batch.Delete(StateKey(LedgerId(1))); });
  EXPECT_THAT(VerifyOne().what, HasSubstr("no such entries"));
}

TEST_F(OfflineVerifyTest, OverlapsMissingSpacesAndBadValuesAreDamage) {
  LedgerReport ledger;
  const auto report = Inspect(&ledger);
  const Extent& good = ledger.extents.at(0);
  Extent inside(good.segment(), good.Find(good.first() + 1)->offset);
  inside.Append(good.entries()[1]);
  EditIndex([&](IndexDb&, IndexDb::Batch& batch) {
    Put(batch, ExtentKey(LedgerId(1), inside.first()), inside.Encode());
  });
  EXPECT_THAT(All(Verify()), HasSubstr("overlap"));

  const SegmentId segment = good.segment();
  const SegmentSpace space = *report.segments.at(segment).space;
  EditIndex([&](IndexDb&, IndexDb::Batch& batch) {
    batch.Delete(ExtentKey(LedgerId(1), inside.first()));
    Put(batch, SegmentKey(segment), EncodeSpace({.total = space.total, .live = space.live - 1}));
  });
  EXPECT_THAT(VerifyOne().what, HasSubstr("live bytes"));
  EditIndex([&](IndexDb&, IndexDb::Batch& batch) { batch.Delete(SegmentKey(segment)); });
  EXPECT_THAT(VerifyOne().what, HasSubstr("space is not recorded"));
  EditIndex([&](IndexDb&, IndexDb::Batch& batch) {
    Put(batch, SegmentKey(segment), EncodeSpace(space));
    batch.Put(StateKey(LedgerId(2)), "rotten");
  });
  const Finding finding = VerifyOne();
  EXPECT_EQ(finding.ledger, LedgerId(2));
  EXPECT_THAT(finding.what, HasSubstr("checksum"));
  EditIndex([&](IndexDb&, IndexDb::Batch& batch) {
    batch.Delete(StateKey(LedgerId(2)));
    batch.Delete(kCommitKey);
  });
  EXPECT_THAT(All(Verify()), HasSubstr("commit record is missing"));
}

TEST_F(OfflineVerifyTest, DamageThatNoLedgerUsesIsToldAsSuch) {
  // Ledger 2 goes; its records stay between those of ledger 1, whose are live.
  const SegmentId segment = Segments().at(0);
  LedgerReport dropped;
  const auto report = Inspect(&dropped, 2);
  EditIndex([&](IndexDb&, IndexDb::Batch& batch) {
    std::map<SegmentId, std::uint64_t> bytes;
    for (const Extent& extent : dropped.extents) {
      batch.Delete(ExtentKey(LedgerId(2), extent.first()));
      bytes[extent.segment()] += extent.bytes();
    }
    for (const auto& [id, gone] : bytes) {
      SegmentSpace space = *report.segments.at(id).space;
      space.live -= gone;
      Put(batch, SegmentKey(id), EncodeSpace(space));
    }
  });
  const auto sound = Verify();
  EXPECT_EQ(sound.findings.kept().size(), 0U) << All(sound);
  EXPECT_EQ(sound.segment_records - sound.live_records, dropped.entries);
  Flip(Path(segment), dropped.extents.at(0).offset() + 20);
  EXPECT_THAT(VerifyOne().what, HasSubstr("no ledger uses them"));
}

}  // namespace
}  // namespace quire::bookie
