#include "bookie/offline_directory.h"

#include "bookie/directory_lock.h"
#include "tests/bookie/offline_fixture.h"

namespace quire::bookie {
namespace {

namespace fs = std::filesystem;
using common::Errc;
using protocol::EntryId;
using ::testing::HasSubstr;

using OfflineDirectoryTest = OfflineFixture;

TEST_F(OfflineDirectoryTest, WhatAKillLeavesIsSoundAndStaysAsItIs) {  // G06, G14, I07
  const auto before = Snapshot(path_);
  const auto summary = Verify();
  EXPECT_EQ(summary.findings.kept().size(), 0U) << All(summary);
  LedgerReport ledger;
  const DirectoryReport report = Inspect(&ledger);
  EXPECT_EQ(report.findings.kept().size(), 0U);
  EXPECT_EQ(Snapshot(path_), before);

  EXPECT_GE(summary.segments, 2U);
  EXPECT_EQ(summary.live_records, summary.segment_records);
  EXPECT_EQ(summary.segment_records, report.entries);
  EXPECT_EQ(report.commit->stored + report.records_above_stored, kEntries * 5 / 4 + 1U);
  EXPECT_GT(report.records_above_stored, 0U);
  EXPECT_EQ(report.cookie->instance, (protocol::InstanceId{.high = 1, .low = 2}));
  EXPECT_EQ(report.fenced, 1U);
  EXPECT_EQ(ledger.entries + ledger.journal_count, static_cast<std::uint64_t>(kEntries));
  EXPECT_EQ(ledger.journal.back().entry, EntryId(kEntries - 1));
  EXPECT_EQ(ledger.state->last_entry.value() + 1, static_cast<std::int64_t>(ledger.entries));
}

TEST_F(OfflineDirectoryTest, ProgressReachesTheBytesThereAre) {
  const auto directory = OfflineDirectory::Open(path_);
  std::uint64_t last = 0;
  std::uint64_t of = 0;
  const auto summary = OfflineVerify(*directory, [&](std::uint64_t done, std::uint64_t total) {
                         EXPECT_GE(done, last);
                         last = done;
                         of = total;
                       }).Run();
  EXPECT_GT(of, 1U << 20);
  EXPECT_EQ(last, of);
}

TEST_F(OfflineDirectoryTest, ADamagedOrMissingCookieIsDamage) {  // I02
  Flip("cookie", 1);
  EXPECT_EQ(VerifyOne().file, "cookie");
  fs::remove(path_ + "/cookie");
  EXPECT_THAT(VerifyOne().what, HasSubstr("is missing"));
}

TEST_F(OfflineDirectoryTest, ItAndADaemonKeepEachOtherOut) {  // I05
  {
    const auto daemon = DirectoryLock::Take(path_);
    ASSERT_TRUE(daemon);
    const auto refused = OfflineDirectory::Open(path_);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::kBusy);
    EXPECT_THAT(refused.error().context(), HasSubstr("stop it first"));
  }
  const auto one = OfflineDirectory::Open(path_);
  const auto other = OfflineDirectory::Open(path_);
  EXPECT_TRUE(one && other) << "they can look side by side";
  EXPECT_FALSE(DirectoryLock::Take(path_));
}

TEST_F(OfflineDirectoryTest, WhatIsNoBookiesDirectoryIsRefusedAndLeftAlone) {  // I02
  TempDirectory other;
  const auto refused = OfflineDirectory::Open(other.path());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::kInvalidArgument);
  EXPECT_TRUE(fs::is_empty(other.path()));
  EXPECT_FALSE(OfflineDirectory::Open(other.path() + "/nowhere"));
  EXPECT_FALSE(OfflineDirectory::Open(path_ + "/cookie"));
}

}  // namespace
}  // namespace quire::bookie
