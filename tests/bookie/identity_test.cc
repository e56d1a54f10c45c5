#include "bookie/identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "bookie/directory_lock.h"
#include "common/posix_disk.h"

namespace quire::bookie {
namespace {

using common::Errc;
using metadata::Cookie;
using ::testing::HasSubstr;

class IdentityTest : public ::testing::Test {
 protected:
  IdentityTest() {
    std::string name = (std::filesystem::temp_directory_path() / "quire-identity-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    disk_ = *common::PosixDisk::Create(directory_);
  }
  ~IdentityTest() override { std::filesystem::remove_all(directory_); }

  common::Result<Cookie> Claim() {
    return Identity::Claim(
        *disk_, {.directory = directory_, .host = "host", .instance = instance_, .now_ms = 1234},
        {.list = [this]() -> common::Result<std::vector<Cookie>> { return cookies_; },
         .create = [this](const Cookie& cookie) -> common::Result<void> {
           if (std::ranges::find(cookies_, cookie) == cookies_.end() && applied_) {
             cookies_.push_back(cookie);
           }
           if (lost_) return common::Fail(Errc::kAmbiguous);
           return {};
         }},
        random_);
  }
  void Refused(Errc code, const std::string& why) {
    const auto cookie = Claim();
    ASSERT_FALSE(cookie);
    EXPECT_EQ(cookie.error().code(), code);
    EXPECT_THAT(cookie.error().context(), HasSubstr(why));
    EXPECT_THAT(cookie.error().context(), HasSubstr(directory_));
  }
  void Write(const std::string& name, const std::string& bytes) {
    std::ofstream(directory_ + "/" + name) << bytes;
  }
  void Empty() {
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
      std::filesystem::remove_all(entry.path());
    }
  }

  std::string directory_;
  std::unique_ptr<common::PosixDisk> disk_;
  common::Random random_{5};
  protocol::InstanceId instance_{.high = 1, .low = 1};
  std::vector<Cookie> cookies_;
  bool applied_ = true;  // a create reaches the registry
  bool lost_ = false;    // its answer does not reach us
};

TEST_F(IdentityTest, FormatsAnEmptyDirectoryAndKnowsItAgain) {
  const auto first = Claim();
  ASSERT_TRUE(first) << first.error().ToString();
  EXPECT_FALSE(first->bookie.is_nil());
  EXPECT_EQ(first->directory, directory_);
  EXPECT_EQ(first->created_ms, 1234);
  ASSERT_EQ(cookies_.size(), 1U);
  const auto again = Claim();
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, *first);
  EXPECT_EQ(cookies_.size(), 1U);
}

TEST_F(IdentityTest, ALockFileAndLostAndFoundAreNoContent) {
  const auto lock = DirectoryLock::Take(directory_);
  std::filesystem::create_directory(directory_ + "/lost+found");
  EXPECT_TRUE(Claim());
}

TEST_F(IdentityTest, ACrashBeforeTheRegistryKnewIsFinishedByTheNextStart) {
  applied_ = false;
  lost_ = true;
  EXPECT_FALSE(Claim());
  EXPECT_TRUE(cookies_.empty());
  applied_ = true;
  lost_ = false;
  const auto cookie = Claim();
  ASSERT_TRUE(cookie) << cookie.error().ToString();
  EXPECT_EQ(cookies_, std::vector{*cookie});
}

TEST_F(IdentityTest, ACrashAfterTheRegistryKnewIsFinishedByTheNextStart) {
  lost_ = true;
  EXPECT_FALSE(Claim());
  ASSERT_EQ(cookies_.size(), 1U);
  lost_ = false;
  const auto cookie = Claim();
  ASSERT_TRUE(cookie) << cookie.error().ToString();
  EXPECT_EQ(*cookie, cookies_[0]) << "the same bookie";
  EXPECT_EQ(cookies_.size(), 1U);
}

TEST_F(IdentityTest, ACrashWhileTheIntentWasWrittenLeavesNothingBehind) {
  Write("cookie.scratch", "torn");
  EXPECT_TRUE(Claim());
}

TEST_F(IdentityTest, RefusesAnIntentOfAnotherCluster) {
  lost_ = true;
  EXPECT_FALSE(Claim());
  cookies_.clear();
  instance_.low = 2;
  Refused(Errc::kWrongInstance, "belongs to cluster");
}

TEST_F(IdentityTest, RefusesADirectoryOfAnotherCluster) {
  ASSERT_TRUE(Claim());
  instance_.low = 2;
  Refused(Errc::kWrongInstance, "belongs to cluster");
}

TEST_F(IdentityTest, RefusesAnEmptyDirectoryThatWasABookie) {  // T-17
  ASSERT_TRUE(Claim());
  Empty();
  Refused(Errc::kWrongBookie, "is empty but was bookie");
  EXPECT_TRUE(std::filesystem::is_empty(directory_)) << "and leaves it as it is";
}

TEST_F(IdentityTest, RefusesADirectoryThatTheClusterHasForgotten) {
  ASSERT_TRUE(Claim());
  cookies_.clear();
  Refused(Errc::kWrongBookie, "does not know");
}

TEST_F(IdentityTest, RefusesADirectoryWhoseCookieDiffers) {
  ASSERT_TRUE(Claim());
  cookies_[0].created_ms = 1;
  Refused(Errc::kWrongBookie, "differs");
}

TEST_F(IdentityTest, RefusesADirectoryWithForeignContent) {
  Write("holiday.jpg", "x");
  Refused(Errc::kWrongBookie, "holiday.jpg");
  EXPECT_TRUE(cookies_.empty());
}

TEST_F(IdentityTest, RefusesADamagedCookie) {
  ASSERT_TRUE(Claim());
  Write("cookie", "rubbish");
  Refused(Errc::kCorrupt, "damaged");
}

TEST_F(IdentityTest, TwoDaemonsCannotShareADirectory) {
  {
    const auto first = DirectoryLock::Take(directory_);
    ASSERT_TRUE(first);
    const auto second = DirectoryLock::Take(directory_);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code(), Errc::kBusy);
    EXPECT_THAT(second.error().context(), HasSubstr(directory_));
  }
  EXPECT_TRUE(DirectoryLock::Take(directory_));
}

}  // namespace
}  // namespace quire::bookie
