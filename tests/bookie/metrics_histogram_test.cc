#include "bookie/metrics_histogram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

namespace quire::bookie {
namespace {

using ::testing::ElementsAre;

TEST(HistogramTest, AValueBelongsToTheFirstBucketWhoseBoundItDoesNotExceed) {
  Histogram<10, 3> histogram;  // 10, 20, 40, more
  for (const std::uint64_t value : {0, 1, 10, 11, 20, 21, 40, 41, 1'000'000}) {
    histogram.Observe(value);
  }
  EXPECT_THAT(histogram.view().counts, ElementsAre(3, 2, 2, 2));
  EXPECT_EQ(histogram.view().sum, 1'000'144U);
  EXPECT_EQ(histogram.view().first, 10U);
}

TEST(HistogramTest, TheLargestValueCounts) {
  Histogram<1, 2> histogram;
  histogram.Observe(~std::uint64_t{0});
  EXPECT_THAT(histogram.view().counts, ElementsAre(0, 0, 1));
}

TEST(HistogramTest, EveryBoundOfEveryKindIsInItsOwnBucketAndTheNextValueIsNot) {
  const auto check = [](auto histogram) {
    const std::size_t bounds = histogram.view().counts.size() - 1;
    std::uint64_t bound = histogram.view().first;
    for (std::size_t i = 0; i < bounds; ++i, bound *= 2) {
      auto at = histogram;
      at.Observe(bound);
      EXPECT_EQ(at.view().counts[i], 1U) << bound;
      auto above = histogram;
      above.Observe(bound + 1);
      EXPECT_EQ(above.view().counts[i + 1], 1U) << bound + 1;
    }
  };
  check(LatencyHistogram());
  check(DurationHistogram());
  check(CountHistogram());
  check(BytesHistogram());
}

}  // namespace
}  // namespace quire::bookie
