#include "bookie/descriptors.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace quire::bookie {
namespace {

// The limits of this process, put back at the end.
class DescriptorsTest : public ::testing::Test {
 protected:
  DescriptorsTest() { ::getrlimit(RLIMIT_NOFILE, &before_); }
  ~DescriptorsTest() override { ::setrlimit(RLIMIT_NOFILE, &before_); }

  static rlim_t Soft() {
    rlimit now{};
    ::getrlimit(RLIMIT_NOFILE, &now);
    return now.rlim_cur;
  }

  rlimit before_{};
};

TEST_F(DescriptorsTest, RaisesTheSoftLimitAsFarAsItIsNeeded) {
  const rlimit low{.rlim_cur = 100, .rlim_max = before_.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  ASSERT_TRUE(EnsureDescriptors(50));
  EXPECT_EQ(Soft(), 100U);
  ASSERT_TRUE(EnsureDescriptors(200));
  EXPECT_EQ(Soft(), 200U);
}

TEST_F(DescriptorsTest, RefusesWithWhatToDoWhenTheHardOneIsTooLow) {
  if (before_.rlim_max == RLIM_INFINITY) GTEST_SKIP() << "there is no hard limit here";
  const auto refused = EnsureDescriptors(before_.rlim_max + 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), common::Errc::kInvalidArgument);
  EXPECT_NE(refused.error().context().find("LimitNOFILE"), std::string::npos);
}

}  // namespace
}  // namespace quire::bookie
