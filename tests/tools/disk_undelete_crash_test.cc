#include "disk_undelete_fixture.h"

namespace quire::tools {
namespace {

namespace fs = std::filesystem;

using bookie::SegmentName;
using protocol::Code;
using ::testing::HasSubstr;

class DiskUndeleteCrashTest : public DiskUndeleteTest {};

// The command dies between any two of its steps. A start goes on with one index or the other, and
// the command does it the next time.
TEST_F(DiskUndeleteCrashTest, ACrashOnTheWayLosesNothing) {
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
TEST_F(DiskUndeleteCrashTest, ACrashBetweenTwoRenamesLosesNothing) {
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
TEST_F(DiskUndeleteCrashTest, AnIndexThatOthersFollowedIsNotResumed) {
  Undelete();
  Open();
  Stop();
  fs::copy(At("index"), At("index.complete"));
  Open();
  Add(2, kEntries, 10);
  Stop();
  fs::remove_all(At("index"));
  const auto done = Rebuild(kUndelete);
  EXPECT_EQ(done["resumed"], false);
  Open();
  ExpectWhole(1);
  for (std::int64_t id = 0; id < kEntries + 10; ++id) EXPECT_EQ(ReadOne(2, id), Code::kOk) << id;
}

}  // namespace
}  // namespace quire::tools
