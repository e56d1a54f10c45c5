#include "bookie/ballast.h"

#include <gtest/gtest.h>

#include "common/random.h"
#include "tests/support/sim_disk.h"

namespace quire::bookie {
namespace {

constexpr std::uint64_t kBytes = 100'000;

TEST(BallastTest, IsSetAsideGivenUpAndSetAsideAgain) {
  testing::SimDisk disk("/sim", 120'000);
  Ballast ballast(disk, kBytes);
  ASSERT_TRUE(ballast.Load());
  EXPECT_FALSE(ballast.held());
  EXPECT_FALSE(ballast.Release()) << "there is nothing to give up";
  ASSERT_TRUE(ballast.Restore());
  EXPECT_TRUE(ballast.held());
  EXPECT_EQ(*disk.FreeBytes(), 20'000U);
  EXPECT_TRUE(ballast.Release());
  EXPECT_FALSE(ballast.held());
  EXPECT_EQ(*disk.FreeBytes(), 120'000U);
  EXPECT_FALSE(ballast.Release());
  ASSERT_TRUE(ballast.Restore());
  EXPECT_TRUE(ballast.held());
}

TEST(BallastTest, ARestartFindsIt) {
  testing::SimDisk disk;
  ASSERT_TRUE(Ballast(disk, kBytes).Restore());
  Ballast again(disk, kBytes);
  ASSERT_TRUE(again.Load());
  EXPECT_TRUE(again.held());
}

TEST(BallastTest, OneOfAnotherSizeGoes) {
  for (const std::uint64_t bytes : {kBytes / 2, 2 * kBytes, std::uint64_t{0}}) {
    testing::SimDisk disk;
    ASSERT_TRUE(Ballast(disk, kBytes).Restore());
    Ballast other(disk, bytes);
    ASSERT_TRUE(other.Load());
    EXPECT_FALSE(other.held());
    EXPECT_TRUE(disk.List()->empty());
    ASSERT_TRUE(other.Restore());
    EXPECT_EQ(other.held(), bytes > 0);
  }
}

TEST(BallastTest, ADiskWithoutRoomForItHasNone) {
  testing::SimDisk disk("/sim", kBytes - 1);
  Ballast ballast(disk, kBytes);
  EXPECT_EQ(ballast.Restore().error().code(), common::Errc::kDiskFull);
  EXPECT_FALSE(ballast.held());
  EXPECT_TRUE(disk.List()->empty());
}

TEST(BallastTest, ACrashLeavesAWholeOneOrNone) {
  for (std::uint64_t changes = 0; changes < 6; ++changes) {
    testing::SimDisk disk;
    common::Random random(changes);
    disk.PowerOffAfter(changes);
    {
      Ballast ballast(disk, kBytes);
      std::ignore = ballast.Restore();
      ballast.Release();
    }
    disk.Crash(random);
    Ballast again(disk, kBytes);
    ASSERT_TRUE(again.Load());
    EXPECT_EQ(disk.Contents(Ballast::kFileName).size(), again.held() ? kBytes : 0) << changes;
  }
}

}  // namespace
}  // namespace quire::bookie
