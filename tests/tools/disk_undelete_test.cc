#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bookie/compactor.h"
#include "bookie/index_db.h"
#include "bookie/index_format.h"
#include "bookie/offline_rebuild.h"
#include "bookie/quarantine.h"
#include "bookie/shard.h"
#include "common/posix_disk.h"
#include "tests/bookie/store_fixture.h"
#include "tools/disk_rebuild.h"
#include "tools/exit_codes.h"

// What was deleted by mistake, from the deletion to a bookie that serves it again: a real shard on
// a real directory, whose threads move when the test says so, and the command.
namespace quire::tools {
namespace {

namespace fs = std::filesystem;

using bookie::MakeEntry;
using bookie::SegmentName;
using protocol::Code;
using protocol::EntryId;
using protocol::LedgerId;
using ::testing::HasSubstr;

constexpr protocol::LedgerKey kKey{.high = 7, .low = 9};

// Ledger 1 has entries in segment 1, alone, and in segment 2 beside those of ledger 2.
class DiskUndeleteTest : public ::testing::Test {
 protected:
  static constexpr std::int64_t kEntries = 30;  // of ledger 1; ledger 2 has as many

  void SetUp() override {
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

  std::string At(const std::string& name) const { return path_ + "/" + name; }
  std::string Quarantined(bookie::SegmentId id) const {
    return At("segments/" + bookie::QuarantineName({.since = now_, .id = id}));
  }

  common::Result<void> TryOpen() {
    for (const char* folder : {"journal", "segments"}) {
      disks_.push_back(common::PosixDisk::Create(At(folder)).value());
    }
    worker_ = std::make_unique<bookie::StepWorker>();
    bookie::ShardOptions options;
    options.journal.file_bytes = 16 << 10;
    options.journal.spare_files = 0;
    options.store.index_path = At("index");
    options.store.may_begin = !begun_;
    options.store.quarantine.wall_seconds = [this] { return now_; };
    options.min_free_bytes = 0;
    shard_ = std::make_unique<bookie::Shard>(
        loop_, protocol::BookieId{.high = 1, .low = 2},
        bookie::ShardResources{.journal_disk = *disks_[disks_.size() - 2],
                               .store_disk = *disks_.back(),
                               .journal_worker = *worker_,
                               .flush_worker = *worker_,
                               .readers = {worker_.get()},
                               .compaction_worker = worker_.get(),
                               .new_ledger_id = [this] { return LedgerId(++last_id_); }},
        options, bookie::Log([](bookie::LogLevel, std::string_view) {}), bookie::Shard::Events{});
    QUIRE_TRY(shard_->Open(bookie::RealStorage()));
    begun_ = true;
    shard_->Start();
    return {};
  }
  void Open() {
    const auto opened = TryOpen();
    ASSERT_TRUE(opened) << opened.error().ToString();
  }
  void Settle() {
    while (loop_.Step() || worker_->Step()) {
    }
  }
  void Kill() {
    shard_.reset();
    Settle();
  }
  void Stop() {
    bool stopped = false;
    shard_->Stop([&](const common::Result<void>& outcome) { stopped = outcome.has_value(); });
    Settle();
    ASSERT_TRUE(stopped);
    Kill();
  }

  Code AddOne(std::int64_t ledger, std::int64_t id, bool recovery = false) {
    const std::string bytes = MakeEntry(ledger, id);
    const protocol::Add add{.entry = bytes, .key = kKey, .recovery = recovery};
    Code code = Code::kTimeout;
    shard_->Add({&add, 1}, [&](const std::vector<Code>& got) { code = got.at(0); });
    Settle();
    return code;
  }
  void Add(std::int64_t ledger, std::int64_t first, std::int64_t count) {
    for (std::int64_t id = first; id < first + count; ++id) {
      ASSERT_EQ(AddOne(ledger, id), Code::kOk);
    }
  }
  Code ReadOne(std::int64_t ledger, std::int64_t id) {
    protocol::ReadReply reply;
    protocol::ReadRequest request;
    request.ledger = LedgerId(ledger);
    request.entries = {EntryId(id)};
    shard_->Read(std::move(request), [&](protocol::ReadReply got) { reply = std::move(got); });
    Settle();
    if (reply.code != Code::kOk) return reply.code;
    const auto& answer = reply.answers.at(0);
    if (answer.code == Code::kOk) EXPECT_EQ(answer.bytes, MakeEntry(ledger, id));
    return answer.code;
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

  void Compact() {
    shard_->compactor()->Trigger();
    do {
      loop_.FireTimers();
      Settle();
    } while (shard_->compactor()->stats().running);
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
    return Rebuild({.yes = true, .skip_gap = false, .undelete = true, .quiet = true});
  }

  bookie::TempDirectory scratch_;
  const std::string path_ = scratch_.path();
  std::int64_t now_ = 1'000'000;  // seconds since 1970
  std::int64_t last_id_ = 1000;
  bool begun_ = false;
  std::vector<std::unique_ptr<common::PosixDisk>> disks_;
  bookie::StepLoop loop_;
  std::unique_ptr<bookie::StepWorker> worker_;
  std::unique_ptr<bookie::Shard> shard_;
};

TEST_F(DiskUndeleteTest, WithoutYesNothingChanges) {
  const auto looked = Rebuild({.yes = false, .skip_gap = false, .undelete = true, .quiet = true});
  EXPECT_EQ(looked["done"], false);
  EXPECT_EQ(looked["quarantined"], 1);
  EXPECT_EQ(looked["undone"], 1);
  EXPECT_EQ(looked["deletions"], 0);
  EXPECT_EQ(looked["records"], 2 * kEntries);
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
    EXPECT_TRUE(shard_->Ledgers(true).empty());
    ExpectInLimbo(1);
    ExpectWhole(2);
    EXPECT_EQ(AddOne(50, 0), Code::kFenced) << "whatever it was";
    const std::int64_t fresh = 2000 + start;
    EXPECT_EQ(AddOne(fresh, 0), Code::kOk);
    start == 1 ? Stop() : Kill();
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
  Undelete();
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
  EXPECT_EQ(shard_->Ledgers(true), std::vector{LedgerId(2000)});
}

// The index is gone, and with it the mark.
TEST_F(DiskUndeleteTest, WithoutAnIndexTheJournalDecidesUnlessItIsSaidAgain) {
  std::ofstream(At("cookie.intent")) << "a bookie's directory";
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
  // A file system that cannot exchange names: there is none for a moment.
  back_to_before();
  Undelete();
  fs::rename(At("index"), At("index.complete"));
  std::ofstream(At("cookie.intent")) << "a bookie's directory";
  const auto opened = TryOpen();
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().context(), HasSubstr("rebuild-index"));
  Kill();
  finish();
  fs::remove_all(before);
}

// Compaction took what was live out of segment 2, which went into quarantine with the rest.
TEST_F(DiskUndeleteTest, WhatACompactionLeftComesBackToo) {
  Open();
  Compact();
  ASSERT_FALSE(fs::exists(At("segments/" + SegmentName(2))));
  Kill();
  const auto done = Undelete();
  EXPECT_EQ(done["quarantined"], 2);
  EXPECT_GT(done["copies"], 0);
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
