#include "bookie/near_name.h"

#include <gtest/gtest.h>

#include <vector>

namespace quire::bookie {
namespace {

TEST(NearNameTest, NamesTheNearestThatIsASlipAway) {
  const std::vector<std::string> names{"cache_mb", "min_free_mb", "listen"};
  EXPECT_EQ(DidYouMean("cache_mb", names), " (did you mean 'cache_mb'?)");
  EXPECT_EQ(DidYouMean("cahce_mb", names), " (did you mean 'cache_mb'?)");
  EXPECT_EQ(DidYouMean("min_free", names), " (did you mean 'min_free_mb'?)");
  EXPECT_EQ(DidYouMean("lisen", names), " (did you mean 'listen'?)");
  EXPECT_EQ(DidYouMean("wombat", names), "");
  EXPECT_EQ(DidYouMean("", names), "");
  EXPECT_EQ(DidYouMean(std::string(10'000, 'x'), names), "");
  EXPECT_EQ(DidYouMean("x", {}), "");
}

}  // namespace
}  // namespace quire::bookie
