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

  // A whole start, but what is made before the intent becomes the cookie.
  common::Result<Cookie> Claim() {
    const auto claimed = Begin();
    if (!claimed) return common::Fail(claimed.error());
    if (claimed->formatting) QUIRE_TRY(Identity::Finish(*disk_));
    return claimed->cookie;
  }
  common::Result<Identity::Claimed> Begin() {
    return Identity::Claim(
        *disk_,
        {.directory = directory_,
         .host = "host",
         .instance = instance_,
         .now_ms = 1234,
         .rejoin = rejoin_},
        {.list = [this]() -> common::Result<std::vector<Cookie>> { return cookies_; },
         .create = [this](const Cookie& cookie) -> common::Result<void> {
           if (std::ranges::find(cookies_, cookie) == cookies_.end() && applied_) {
             cookies_.push_back(cookie);
           }
           if (lost_) return common::Fail(Errc::kAmbiguous);
           return {};
         },
         .replace = [this](const Cookie& old, const Cookie& by) -> common::Result<void> {
           if (!replaceable_) return common::Fail(Errc::kAmbiguous);
           std::ranges::find(cookies_, old.bookie, &Cookie::bookie)->replaced_by = by.bookie;
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
  bool replaceable_ = true;
  bool rejoin_ = false;
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

TEST_F(IdentityTest, ACrashBeforeTheIndexWasThereIsFinishedByTheNextStart) {
  const auto first = Begin();
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->formatting);
  for (const char* name : {"journal", "segments", "index"}) {
    std::filesystem::create_directory(directory_ + "/" + name);
  }
  Write("ballast", "room");
  const auto second = Begin();
  ASSERT_TRUE(second) << second.error().ToString();
  EXPECT_TRUE(second->formatting);
  EXPECT_EQ(second->cookie, first->cookie) << "the same bookie";
  ASSERT_TRUE(Identity::Finish(*disk_));
  const auto third = Begin();
  ASSERT_TRUE(third);
  EXPECT_FALSE(third->formatting);
  EXPECT_EQ(cookies_, std::vector{third->cookie});
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

TEST_F(IdentityTest, TheRefusalNamesTheOption) {  // I02, I03
  ASSERT_TRUE(Claim());
  Empty();
  Refused(Errc::kWrongBookie, "--rejoin");
}

TEST_F(IdentityTest, RejoinMakesAnEmptiedDirectoryANewBookieAndMarksTheOldOne) {  // I03, T-17
  const auto old = Claim();
  ASSERT_TRUE(old);
  Empty();
  rejoin_ = true;
  const auto now = Claim();
  ASSERT_TRUE(now) << now.error().ToString();
  EXPECT_NE(now->bookie, old->bookie);
  ASSERT_EQ(cookies_.size(), 2U);
  EXPECT_EQ(cookies_[0].bookie, old->bookie) << "repair finds it";
  EXPECT_EQ(cookies_[0].replaced_by, now->bookie);
  EXPECT_EQ(cookies_[1], *now);
  for (const bool again : {true, false}) {  // the option is for one start and harmless later
    rejoin_ = again;
    EXPECT_EQ(Claim().value(), *now);
    EXPECT_EQ(cookies_.size(), 2U);
  }
}

TEST_F(IdentityTest, EachLostDiskInAPlaceHasItsOwnSuccessor) {
  ASSERT_TRUE(Claim());
  rejoin_ = true;
  for (int i = 0; i < 2; ++i) {
    Empty();
    ASSERT_TRUE(Claim());
  }
  ASSERT_EQ(cookies_.size(), 3U);
  EXPECT_EQ(cookies_[0].replaced_by, cookies_[1].bookie);
  EXPECT_EQ(cookies_[1].replaced_by, cookies_[2].bookie);
  EXPECT_FALSE(cookies_[2].replaced_by);
}

TEST_F(IdentityTest, RejoinFormatsNoForeignOrDamagedDirectory) {
  rejoin_ = true;
  Write("holiday.jpg", "x");
  Refused(Errc::kWrongBookie, "holiday.jpg");
  Empty();
  ASSERT_TRUE(Claim());
  std::filesystem::remove(directory_ + "/cookie");
  std::filesystem::create_directory(directory_ + "/segments");
  Refused(Errc::kWrongBookie, "segments");
  EXPECT_EQ(cookies_.size(), 1U);
}

TEST_F(IdentityTest, ARejoinThatWasInterruptedGoesOnWithTheSameBookie) {
  ASSERT_TRUE(Claim());
  Empty();
  rejoin_ = true;
  replaceable_ = false;
  EXPECT_FALSE(Claim());
  ASSERT_EQ(cookies_.size(), 2U);
  replaceable_ = true;
  rejoin_ = false;
  Refused(Errc::kWrongBookie, "--rejoin");
  rejoin_ = true;
  EXPECT_EQ(Claim().value(), cookies_[1]);
  EXPECT_EQ(cookies_[0].replaced_by, cookies_[1].bookie);
  EXPECT_EQ(cookies_.size(), 2U);
}

TEST_F(IdentityTest, TheOldDiskDoesNotComeBackBesideItsSuccessor) {
  ASSERT_TRUE(Claim());
  const std::string copy = directory_ + "-old";
  std::filesystem::rename(directory_, copy);
  std::filesystem::create_directory(directory_);
  rejoin_ = true;
  ASSERT_TRUE(Claim());
  std::filesystem::remove_all(directory_);
  std::filesystem::rename(copy, directory_);
  Refused(Errc::kWrongBookie, "--rejoin");
  EXPECT_EQ(cookies_.size(), 2U);
}

TEST_F(IdentityTest, ACookieWithoutAChecksumIsRead) {
  ASSERT_TRUE(Claim());
  Write("cookie", metadata::EncodeCookie(cookies_[0]));
  EXPECT_EQ(Claim().value(), cookies_[0]);
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
