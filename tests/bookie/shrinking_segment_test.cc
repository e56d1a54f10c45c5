// A segment that is removed while somebody has its file open: it gets shorter
// (common/gradual_disk.h), and what is missing at its end says nothing of the entries or of the
// disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "bookie/compaction.h"
#include "bookie/scrub_segment.h"
#include "bookie/store_flush.h"
#include "bookie/store_read.h"
#include "tests/bookie/hooked_disk.h"
#include "tests/bookie/store_fixture.h"

namespace quire::bookie {
namespace {

using protocol::Code;
using protocol::EntryId;
using protocol::LedgerId;
using ::testing::IsEmpty;
using ::testing::Not;

// Ledger 1 alone in segment 1.
class ShrinkingSegmentTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(store_.Open());
    store_.AddRange(1, 0, 9);
    ASSERT_TRUE(store_.Flush());
    store_.Close();
    auto index = Index::Open(store_.index.path() + "/index", nullptr);
    ASSERT_TRUE(index);
    core_ = std::make_unique<StoreCore>(disk_, std::move(*index));
    core_->files.Add(1);
  }
  // The next read of a file finds it empty, which is damage; or it finds it empty because the only
  // ledger in it was deleted.
  void Damage() {
    disk_.before_read = [] {};
  }
  void Delete() {
    disk_.before_read = [this] { ASSERT_TRUE(CommitDrops(*core_, {LedgerId(1)})); };
  }

  StoreHarness store_;
  HookedDisk disk_{store_.disk};
  std::unique_ptr<StoreCore> core_;
};

TEST_F(ShrinkingSegmentTest, AReadLooksItsEntriesUpAgain) {
  ASSERT_TRUE(core_->files.Open(1));
  const auto read = [this] {
    std::vector<ReadItem> items;
    items.push_back({.id = EntryId(3), .cached = std::nullopt});
    return BatchRead(*core_, LedgerId(1), std::move(items), 10'000).Run().front().code;
  };
  Damage();
  EXPECT_EQ(read(), Code::kCorrupt);
  Delete();
  EXPECT_EQ(read(), Code::kNoEntry);
}

TEST_F(ShrinkingSegmentTest, ACompactionDoesNotTakeItForUnreadable) {
  ASSERT_TRUE(core_->files.Open(1));
  const auto copy = [this] {
    const auto batch = CollectBatch(*core_, {1}, {}, "", 1 << 20);
    EXPECT_TRUE(batch);
    return CompactionCopy(*core_, 2, batch->extents, batch->bytes).Step(1 << 20).value();
  };
  Damage();
  EXPECT_EQ(copy(), CompactionCopy::Progress::kUnreadable);
  Delete();
  EXPECT_EQ(copy(), CompactionCopy::Progress::kGone);
}

TEST_F(ShrinkingSegmentTest, AScrubFindsNoDamageInIt) {
  SegmentScrub damaged(*core_, 1);
  Damage();
  ASSERT_TRUE(damaged.Step(1 << 20, 100));
  EXPECT_THAT(damaged.TakeFindings(), Not(IsEmpty()));
  SegmentScrub gone(*core_, 1);
  Delete();
  EXPECT_EQ(gone.Step(1 << 20, 100).value(), SegmentScrub::Progress::kGone);
  EXPECT_THAT(gone.TakeFindings(), IsEmpty());
}

}  // namespace
}  // namespace quire::bookie
