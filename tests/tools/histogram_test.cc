#include "tools/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace quire::tools {
namespace {

TEST(HistogramTest, IsZeroWhenNothingWasRecorded) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.Quantile(0.99), 0U);
  EXPECT_EQ(histogram.Mean(), 0);
}

TEST(HistogramTest, IsExactForSmallValues) {
  Histogram histogram;
  for (std::uint64_t value = 0; value < 64; ++value) histogram.Record(value);
  EXPECT_EQ(histogram.Quantile(0), 0U);
  EXPECT_EQ(histogram.Quantile(0.5), 31U);
  EXPECT_EQ(histogram.Quantile(1), 63U);
  EXPECT_DOUBLE_EQ(histogram.Mean(), 31.5);
}

TEST(HistogramTest, NeverSaysMoreThanTheMaximum) {
  Histogram histogram;
  histogram.Record(1'000'003);
  EXPECT_EQ(histogram.Quantile(0.5), 1'000'003U);
  EXPECT_EQ(histogram.Quantile(1), 1'000'003U);
}

TEST(HistogramTest, TakesTheWholeRangeOfValues) {
  Histogram histogram;
  histogram.Record(~std::uint64_t{0});
  histogram.Record(0);
  EXPECT_EQ(histogram.max(), ~std::uint64_t{0});
  EXPECT_EQ(histogram.Quantile(0.5), 0U);
  EXPECT_EQ(histogram.Quantile(1), ~std::uint64_t{0});
}

TEST(HistogramTest, IsWithinTwoPercentOfTheSortedValues) {
  std::mt19937_64 random(7);  // NOLINT(bugprone-random-generator-seed): the same each time
  std::lognormal_distribution<double> shape(12, 3);
  Histogram histogram;
  std::vector<std::uint64_t> values;
  for (int i = 0; i < 100'000; ++i) {
    values.push_back(static_cast<std::uint64_t>(shape(random)));
    histogram.Record(values.back());
  }
  std::sort(values.begin(), values.end());
  for (const double fraction : {0.01, 0.5, 0.9, 0.99, 0.999, 0.9999}) {
    const auto rank = static_cast<std::size_t>(fraction * static_cast<double>(values.size()));
    const auto exact = static_cast<double>(values[rank - 1]);
    const auto told = static_cast<double>(histogram.Quantile(fraction));
    EXPECT_GE(told, exact) << fraction;
    EXPECT_LE(told, exact * 1.02 + 1) << fraction;
  }
}

TEST(HistogramTest, MergesAsIfAllWereRecordedInOne) {
  Histogram one;
  Histogram other;
  Histogram both;
  for (std::uint64_t value = 1; value < 5000; value += 3) {
    (value % 2 == 0 ? one : other).Record(value * value);
    both.Record(value * value);
  }
  one.Merge(other);
  EXPECT_EQ(one.count(), both.count());
  EXPECT_EQ(one.max(), both.max());
  EXPECT_DOUBLE_EQ(one.Mean(), both.Mean());
  for (const double fraction : {0.1, 0.5, 0.9, 0.99}) {
    EXPECT_EQ(one.Quantile(fraction), both.Quantile(fraction));
  }
}

}  // namespace
}  // namespace quire::tools
