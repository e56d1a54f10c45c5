#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/bookie/journal_harness.h"

namespace quire::bookie {
namespace {

// What a real journal on a simulated disk says of itself.
class MetricsJournalTest : public ::testing::Test {
 protected:
  static std::uint64_t Observed(const HistogramView& histogram) {
    std::uint64_t count = 0;
    for (const std::uint64_t bucket : histogram.counts) count += bucket;
    return count;
  }

  JournalHarness h_;
};

// G02
TEST_F(MetricsJournalTest, ABatchIsOneSyncWhateverIsInIt) {
  ASSERT_TRUE(h_.Open());
  EXPECT_EQ(Observed(h_.journal->stats().sync.view()), 0U);
  for (int i = 0; i < 3; ++i) h_.Append(std::string(1000, 'x'));
  h_.Settle();
  h_.Commit("y");
  const JournalStats stats = h_.journal->stats();
  EXPECT_EQ(Observed(stats.sync.view()), 2U);
  EXPECT_EQ(Observed(stats.batch_records.view()), 2U);
  EXPECT_EQ(stats.batch_records.view().sum, 4U);
  EXPECT_EQ(stats.batch_bytes.view().sum, 2U * 4096) << "each padded to a block";
  EXPECT_EQ(stats.batch_bytes.view().sum, h_.journal->live_bytes());
}

TEST_F(MetricsJournalTest, NothingIsCountedThatIsNotDurable) {
  ASSERT_TRUE(h_.Open());
  h_.Append("x");
  h_.journal->Kick();
  EXPECT_EQ(Observed(h_.journal->stats().sync.view()), 0U);
}

TEST_F(MetricsJournalTest, FilesAreThoseOnTheDisk) {
  ASSERT_TRUE(h_.Open());
  EXPECT_EQ(h_.journal->stats().files, h_.Files().size());
  for (int i = 0; i < 40; ++i) {
    h_.Commit(std::string(10'000, 'x'));
    ASSERT_EQ(h_.journal->stats().files, h_.Files().size()) << i;
  }
  const std::size_t most = h_.Files().size();
  h_.journal->Trim(h_.journal->durable());
  h_.Settle();
  EXPECT_LT(h_.Files().size(), most);
  EXPECT_EQ(h_.journal->stats().files, h_.Files().size());
}

}  // namespace
}  // namespace quire::bookie
