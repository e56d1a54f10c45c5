#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bookie/index_db.h"
#include "bookie/index_format.h"
#include "bookie/offline_rebuild.h"
#include "bookie/quarantine.h"
#include "common/posix_disk.h"
#include "metadata/cookie.h"
#include "stepped_bookie.h"
#include "tests/bookie/all_ledgers.h"
#include "tools/disk_rebuild.h"
#include "tools/disk_verify.h"
#include "tools/exit_codes.h"

// What was deleted by mistake, from the deletion to a bookie that serves it again: a real shard on
// a real directory, whose threads move when the test says so, and the command.
namespace quire::tools {
namespace {

namespace fs = std::filesystem;

using bookie::SegmentName;
using protocol::Code;
using protocol::LedgerId;
using ::testing::HasSubstr;
using ::testing::Not;

// Ledger 1 has entries in segment 1, alone, and in segment 2 beside those of ledger 2.
class DiskUndeleteTest : public bookie::SteppedBookieTest {
 protected:
  static constexpr std::int64_t kEntries = 30;  // of ledger 1; ledger 2 has as many

  void SetUp() override {
    std::ofstream(At("cookie")) << metadata::EncodeCookieFile({.instance = {.high = 5, .low = 6},
                                                               .bookie = {.high = 1, .low = 2},
                                                               .host = "",
                                                               .directory = ""});
    Open();
    Add(1, 0, 20);
    Stop();
    Open();
    Add(1, 20, 10);
    Add(2, 0, 10);
    Stop();
    Open();
    for (std::int64_t id = 10; id < kEntries; ++id) Add(2, id, 1);  // and the journal rolls
    Stop();
    Open();
    shard_->Drop(LedgerId(1));
    Settle();
    ASSERT_EQ(ReadOne(1, 0), Code::kNoLedger);
    Kill();
    const auto journal = bookie::ReadReplayable(*common::PosixDisk::Create(At("journal")).value());
    ASSERT_GE(journal->stored, 30U) << "the entries of ledger 1 are in the journal still";
    ASSERT_EQ(journal->tombstones.size(), 1U);
    ASSERT_FALSE(fs::exists(At("segments/" + SegmentName(1))));
    ASSERT_TRUE(fs::exists(Quarantined(1)));
  }

  std::string Quarantined(bookie::SegmentId id) const {
    return At("segments/" + bookie::QuarantineName({.since = now_, .id = id}));
  }

  void FlipLastRecordOfSegment(bookie::SegmentId id) {
    const std::string name = At("segments/" + SegmentName(id));
    const auto bytes = fs::file_size(name);
    const auto disk = common::PosixDisk::Create(At("segments")).value();
    const auto file = disk->Open(SegmentName(id), {}).value();
    const auto footer = bookie::ReadSegmentFooter(*file, id, bytes).value();
    std::fstream stream(name, std::ios::in | std::ios::out | std::ios::binary);
    const auto at = static_cast<std::streamoff>(bookie::kSegmentHeaderBytes + footer.bytes - 1);
    const auto last = stream.seekg(at).get();
    stream.seekp(at).put(static_cast<char>(last ^ 0x40));
    ASSERT_TRUE(stream.good());
  }

  // All of its entries can be read, and nothing else is said of it.
  void ExpectInLimbo(std::int64_t ledger) {
    for (std::int64_t id = 0; id < kEntries; ++id) EXPECT_EQ(ReadOne(ledger, id), Code::kOk) << id;
    EXPECT_EQ(ReadOne(ledger, kEntries), Code::kUnknown);
    EXPECT_EQ(AddOne(ledger, kEntries), Code::kFenced);
  }
  void ExpectWhole(std::int64_t ledger) {
    for (std::int64_t id = 0; id < kEntries; ++id) EXPECT_EQ(ReadOne(ledger, id), Code::kOk) << id;
  }

  // The command; what it prints.
  nlohmann::json Rebuild(const RebuildOptions& options, int status = kExitOk) {
    Session session;
    session.output = OutputForm::kJson;
    ::testing::internal::CaptureStdout();
    EXPECT_EQ(DiskRebuild(session, path_, options), status);
    return nlohmann::json::parse(::testing::internal::GetCapturedStdout(), nullptr, false);
  }
  nlohmann::json Undelete() {
    auto done = Rebuild({.yes = true, .skip_gap = false, .undelete = true, .quiet = true});
    // Every extent leads to its record, and what is live adds up.
    ::testing::internal::CaptureStdout();
    EXPECT_EQ(DiskVerify(Session(), path_, true), kExitOk);
    const std::string verified = ::testing::internal::GetCapturedStdout();
    EXPECT_FALSE(::testing::Test::HasFailure()) << verified;
    return done;
  }
};

TEST_F(DiskUndeleteTest, WithoutYesNothingChanges) {
  const auto looked = Rebuild({.yes = false, .skip_gap = false, .undelete = true, .quiet = true});
  EXPECT_EQ(looked["done"], false);
  EXPECT_EQ(looked["quarantined"], 1);
  EXPECT_EQ(looked["undone"], 0) << "the index has it";
  EXPECT_EQ(looked["deletions"], 0);
  EXPECT_EQ(looked["ledgers"], 1);
  EXPECT_EQ(looked["records"], kEntries);
  EXPECT_TRUE(fs::exists(Quarantined(1)));
  Open();
  EXPECT_EQ(ReadOne(1, 0), Code::kNoLedger);
  ExpectWhole(2);
}

TEST_F(DiskUndeleteTest, TheLedgerIsServedAgainAndInLimbo) {
  const auto done = Undelete();
  EXPECT_EQ(done["done"], true);
  EXPECT_EQ(done["old_index"], "index.old-1");
  EXPECT_FALSE(fs::exists(Quarantined(1)));
  for (int start = 0; start < 3; ++start) {
    Open();
    EXPECT_TRUE(AllLedgers(*shard_, true).empty());
    ExpectInLimbo(1);
    ExpectWhole(2);
    EXPECT_EQ(shard_->Snapshot().limbo_ledgers, 1U) << "the other ledger goes on";
    EXPECT_EQ(ReadOne(2, kEntries + start), Code::kNoEntry);
    EXPECT_EQ(AddOne(2, kEntries + start), Code::kOk);
    EXPECT_EQ(AddOne(2000 + start, 0), Code::kOk);
    start == 1 ? Stop() : Kill();
  }
}

TEST_F(DiskUndeleteTest, ADeletionThatNoFlushHasSeenIsUndoneToo) {
  Open();
  shard_->Drop(LedgerId(2));
  while (worker_->Step()) {  // durable in the journal, and no more
  }
  Kill();
  const auto done = Undelete();
  EXPECT_EQ(done["undone"], 1);
  for (int start = 0; start < 2; ++start) {
    Open();
    ExpectInLimbo(1);
    ExpectInLimbo(2);
    Kill();
  }
}

// The segments show less of the ledger than the index, which has all of its entries, knows.
TEST_F(DiskUndeleteTest, TheIndexKnowsOnWhatADamagedSegmentHides) {
  Open();
  shard_->Drop(LedgerId(2));
  while (worker_->Step()) {  // durable in the journal, and no more
  }
  Kill();
  FlipLastRecordOfSegment(3);
  const auto done =
      Rebuild({.yes = true, .skip_gap = false, .undelete = true, .quiet = true}, kExitDamage);
  EXPECT_EQ(done["undone"], 1);
  Open();
  for (std::int64_t id = 0; id < kEntries - 1; ++id) EXPECT_EQ(ReadOne(2, id), Code::kOk) << id;
  EXPECT_EQ(AddOne(2, kEntries - 1, true), Code::kOk) << "recovery replaces what is damaged";
  Stop();
  ::testing::internal::CaptureStdout();
  DiskVerify(Session(), path_, true);
  EXPECT_THAT(::testing::internal::GetCapturedStdout(), Not(HasSubstr("overlap")));
  Open();
  ExpectInLimbo(2);
}

// Of ledger 300 nothing is left.
TEST_F(DiskUndeleteTest, ALedgerThatIsGoneForGoodTakesNothing) {
  Open();
  Add(300, 0, 5);
  Stop();
  Open();
  shard_->Drop(LedgerId(300));
  Settle();
  Kill();
  for (const auto& file : fs::directory_iterator(At("segments"))) {
    const auto name = file.path().filename().string();
    const auto dead = bookie::ParseQuarantineName(name);
    if (dead && dead->id != 1) fs::remove(file.path());
  }
  Undelete();
  for (int start = 0; start < 2; ++start) {
    Open();
    EXPECT_EQ(AddOne(300, 5), Code::kFenced);
    EXPECT_EQ(AddOne(300, 5, true), Code::kFenced);
    EXPECT_EQ(AllLedgers(*shard_, true), std::vector{LedgerId(300)});
    Kill();
  }
}

// The metadata store still says deleted.
TEST_F(DiskUndeleteTest, ALaterDeletionBuriesItForGood) {
  Undelete();
  Open();
  shard_->Drop(LedgerId(1));
  Settle();
  for (int start = 0; start < 2; ++start) {
    EXPECT_EQ(ReadOne(1, 0), Code::kNoLedger);
    EXPECT_EQ(AddOne(1, 0, true), Code::kFenced);
    Kill();
    Open();
  }
  EXPECT_TRUE(fs::exists(Quarantined(1))) << "for another time";
}

// The index is damaged later on: what was undone stays undone, what was not is repeated.
TEST_F(DiskUndeleteTest, ARebuildAfterwardsKeepsTheMark) {
  fs::remove_all(At("index"));  // the journal is replayed from its beginning, with the tombstone
  EXPECT_EQ(Undelete()["undone"], 1);
  Open();
  Add(2000, 0, 1);
  shard_->Drop(LedgerId(2000));
  while (worker_->Step()) {  // durable in the journal, which is not trimmed
  }
  Kill();
  {
    const auto db = bookie::IndexDb::Open(At("index"), nullptr).value();
    const auto batch = db->NewBatch();
    batch->Put(bookie::StateKey(LedgerId(2)), "rotten");
    ASSERT_TRUE(db->Write(*batch));
  }
  const auto done = Rebuild({.yes = true, .skip_gap = false, .undelete = false, .quiet = true});
  EXPECT_EQ(done["undone"], 1);
  EXPECT_EQ(done["deletions"], 1);
  last_id_ = 5000;
  Open();
  ExpectInLimbo(1);
  EXPECT_EQ(AllLedgers(*shard_, true), std::vector{LedgerId(2000)});
}

// The index is gone, and with it the mark.
TEST_F(DiskUndeleteTest, WithoutAnIndexTheJournalDecidesUnlessItIsSaidAgain) {
  fs::remove_all(At("index"));
  const auto looked = Rebuild({});
  EXPECT_EQ(looked["deletions"], 1);
  EXPECT_EQ(looked["quarantined"], 0);
  Rebuild({.yes = true, .skip_gap = false, .undelete = false, .quiet = true});
  Open();
  EXPECT_EQ(ReadOne(1, 0), Code::kNoLedger);
  Kill();
  fs::remove_all(At("index"));
  Undelete();
  Open();
  ExpectInLimbo(1);
  ExpectWhole(2);
}

// The command dies between any two of its steps. A start goes on with one index or the other, and
// the command does it the next time.
TEST_F(DiskUndeleteTest, ACrashOnTheWayLosesNothing) {
  const auto finish = [this] {
    Undelete();
    Open();
    ExpectInLimbo(1);
    ExpectWhole(2);
    Kill();
  };
  const auto start = [this](Code of_deleted) {
    Open();
    EXPECT_EQ(ReadOne(1, 0), of_deleted);
    ExpectWhole(2);
    Kill();
  };
  const std::string before = scratch_.path() + ".before";
  fs::copy(path_, before, fs::copy_options::recursive);
  const auto back_to_before = [&] {
    fs::remove_all(path_);
    fs::copy(before, path_, fs::copy_options::recursive);
  };
  // The index is made, and not in its place.
  fs::copy(At("index"), At("index.building"));
  start(Code::kNoLedger);
  finish();
  for (const bool started : {false, true}) {
    // Segments came back, and the index is the old one.
    back_to_before();
    fs::rename(Quarantined(1), At("segments/" + SegmentName(1)));
    if (started) {
      now_ += 3600;
      start(Code::kNoLedger);
      EXPECT_TRUE(fs::exists(Quarantined(1))) << "there again, with a time of its own";
    }
    finish();
    // Both indexes changed places, and the old one has not got its name.
    fs::rename(At("index.old-1"), At("index.complete"));
    if (started) start(Code::kOk);
    finish();
  }
  fs::remove_all(before);
}

// A file system that cannot exchange names: for a moment there is no index.
TEST_F(DiskUndeleteTest, ACrashBetweenTwoRenamesLosesNothing) {
  for (const bool undelete : {true, false}) {
    Undelete();
    fs::rename(At("index"), At("index.complete"));
    const auto opened = TryOpen();
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().context(), HasSubstr("rebuild-index"));
    Kill();
    const RebuildOptions look{.yes = false, .skip_gap = false, .undelete = undelete, .quiet = true};
    EXPECT_EQ(Rebuild(look)["resumed"], true);
    EXPECT_TRUE(fs::exists(At("index.complete")));
    const auto done =
        Rebuild({.yes = true, .skip_gap = false, .undelete = undelete, .quiet = true});
    EXPECT_EQ(done["resumed"], true);
    EXPECT_EQ(done["done"], true);
    EXPECT_FALSE(fs::exists(At("index.complete")));
    Open();
    ExpectInLimbo(1);
    ExpectWhole(2);
    EXPECT_EQ(shard_->Snapshot().limbo_ledgers, 1U) << "the other ledger goes on";
    EXPECT_EQ(AddOne(2, kEntries + (undelete ? 0 : 1)), Code::kOk);
    Kill();
  }
}

// A crash right behind the exchange of names left the index of before, and bookies went on.
TEST_F(DiskUndeleteTest, AnIndexThatOthersFollowedIsNotResumed) {
  Undelete();
  Open();
  Stop();
  fs::copy(At("index"), At("index.complete"));
  Open();
  Add(2, kEntries, 10);
  Stop();
  fs::remove_all(At("index"));
  const auto done = Rebuild({.yes = true, .skip_gap = false, .undelete = true, .quiet = true});
  EXPECT_EQ(done["resumed"], false);
  Open();
  ExpectWhole(1);
  for (std::int64_t id = 0; id < kEntries + 10; ++id) EXPECT_EQ(ReadOne(2, id), Code::kOk) << id;
}

// Compaction took what was live out of segment 2, which went into quarantine with the rest.
TEST_F(DiskUndeleteTest, WhatACompactionLeftComesBackToo) {
  Open();
  Compact();
  ASSERT_FALSE(fs::exists(At("segments/" + SegmentName(2))));
  Kill();
  const auto done = Undelete();
  EXPECT_EQ(done["quarantined"], 2);
  Open();
  ExpectInLimbo(1);
  ExpectWhole(2);
  Compact();
  ExpectInLimbo(1);
  ExpectWhole(2);
}

TEST_F(DiskUndeleteTest, ASegmentWhoseIdIsInUseStaysInQuarantine) {
  const std::string taken = At("segments/" + bookie::QuarantineName({.since = now_ + 9, .id = 2}));
  const std::string older = At("segments/" + bookie::QuarantineName({.since = now_ - 9, .id = 1}));
  for (const std::string& name : {taken, older}) std::ofstream(name) << "something else";
  const auto done =
      Rebuild({.yes = true, .skip_gap = false, .undelete = true, .quiet = true}, kExitDamage);
  EXPECT_EQ(done["quarantined"], 1);
  EXPECT_THAT(done.dump(), HasSubstr(SegmentName(2) + " has the same id"));
  EXPECT_TRUE(fs::exists(taken) && fs::exists(older));
  Open();
  ExpectInLimbo(1);
  ExpectWhole(2);
}

}  // namespace
}  // namespace quire::tools
