#include "bookie/offline_journal.h"

#include "bookie/journal_replay.h"
#include "common/posix_disk.h"
#include "tests/bookie/offline_fixture.h"

namespace quire::bookie {
namespace {

namespace fs = std::filesystem;
using common::Errc;
using common::Result;
using protocol::EntryId;
using protocol::LedgerId;
using ::testing::HasSubstr;

using OfflineJournalTest = OfflineFixture;

TEST_F(OfflineJournalTest, AFlippedByteInAJournalRecordNamesItsEntry) {  // G03
  const std::string file = LastJournal();
  Flip(file, OffsetOf(file, kEntries - 12) + protocol::kEntryOverheadBytes + 3);
  const Finding finding = VerifyOne();
  EXPECT_EQ(finding.file, file);
  EXPECT_EQ(finding.ledger, LedgerId(1));
  EXPECT_EQ(finding.entries, std::pair(EntryId(kEntries - 12), EntryId(kEntries - 12)));
  EXPECT_THAT(finding.what, HasSubstr("the next one begins"));
  EXPECT_THAT(finding.advice, HasSubstr("delete nothing"));

  // The daemon judges alike.
  const auto disk = common::PosixDisk::Create(path_ + "/journal").value();
  const auto replayed =
      ReplayJournal(*disk, Inspect().commit->stored,
                    [](Lsn, RecordType, std::string_view) -> Result<void> { return {}; });
  ASSERT_FALSE(replayed);
  EXPECT_EQ(replayed.error().code(), Errc::kCorrupt);
}

TEST_F(OfflineJournalTest, EachOfSeveralJournalDamagesIsFound) {  // G03, G04
  const std::string file = LastJournal();
  const std::uint64_t first = OffsetOf(file, kEntries - 30);
  const std::uint64_t second = OffsetOf(file, kEntries - 20);
  Flip(file, first / common::kDiskBlockBytes * common::kDiskBlockBytes + 30);  // of the header
  Flip(file, second - 16 - kJournalRecordBytes + 12);                          // a length
  const auto summary = Verify();
  ASSERT_EQ(summary.findings.damages(), 2U) << All(summary);
  EXPECT_THAT(summary.findings.kept()[0].what, HasSubstr("its header does not verify"));
  EXPECT_THAT(summary.findings.kept()[1].what, HasSubstr("has record "));
}

TEST_F(OfflineJournalTest, ATornTailIsHarmless) {  // G03: cut inside a body
  const std::string file = LastJournal();
  Zero(file, OffsetOf(file, kEntries - 1) + 40, 20);
  const Finding finding = VerifyOne(Finding::Kind::kHarmless);
  EXPECT_EQ(finding.file, file);
  EXPECT_THAT(finding.what, HasSubstr("torn"));
  int torn = 0;
  for (const auto& report : Inspect().journal) {
    torn += report.end == JournalFileReport::End::kTorn ? 1 : 0;
  }
  EXPECT_EQ(torn, 1);
}

TEST_F(OfflineJournalTest, DamageThatAStartLetsPassIsFoundAsWell) {
  // The last batch of a file that the index covers, as the next file does not prove it missing.
  const auto report = Inspect();
  std::string file;
  std::uint64_t offset = 0;
  for (const auto& journal : report.journal) {
    if (journal.last == 0 || journal.last > report.commit->stored) continue;
    file = "journal/" + journal.name;
    offset = journal.valid_end - common::kDiskBlockBytes;
  }
  ASSERT_NE(file, "");
  Flip(file, offset + 5);  // its header: nothing tells it from the end
  EXPECT_THAT(VerifyOne().what, HasSubstr("in front of this batch cannot be read"));
  Flip(file, offset + 5);
  Flip(file, offset + 100);  // its body
  const auto summary = Verify();
  ASSERT_EQ(summary.findings.damages(), 2U) << All(summary);
  EXPECT_THAT(summary.findings.kept()[0].what, HasSubstr("the last batch"));
  EXPECT_THAT(summary.findings.kept()[0].advice, HasSubstr("nothing is lost"));
}

TEST_F(OfflineJournalTest, MissingJournalFilesAreDamage) {  // G05
  const std::string file = LastJournal();
  const auto stored = Inspect().commit->stored;
  std::string holds_next;  // the file whose loss leaves a gap above the stored LSN
  for (const auto& report : Inspect().journal) {
    if (report.first <= stored + 1 && report.last > stored) holds_next = report.name;
  }
  ASSERT_NE(holds_next, "");
  fs::remove(path_ + "/journal/" + holds_next);
  if ("journal/" + holds_next != file) {
    EXPECT_THAT(VerifyOne().what, HasSubstr("should follow"));
  }
  fs::remove_all(path_ + "/journal");
  EXPECT_THAT(VerifyOne().what, HasSubstr("journal files are missing"));
}

}  // namespace
}  // namespace quire::bookie
