#include "bookie/registration_wait.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace quire::bookie {
namespace {

using common::Errc;
using common::Fail;
using ::testing::HasSubstr;

constexpr common::Duration kNone{0};
constexpr common::Duration kLong = std::chrono::minutes(10);

TEST(RegistrationWaitTest, EndsWhenAllAreRegistered) {
  RegistrationWait wait(2);
  wait.Done({});
  EXPECT_EQ(wait.Await(kNone, {}).error().code(), Errc::kMetadataUnavailable);
  std::thread loop([&] { wait.Done({}); });
  EXPECT_TRUE(wait.Await(kLong, {}));
  loop.join();
}

TEST(RegistrationWaitTest, EndsWithAnError) {
  RegistrationWait wait(2);
  wait.Done(Fail(Errc::kIo, "a disk"));
  wait.Done({});
  EXPECT_EQ(wait.Await(kLong, {}).error().code(), Errc::kIo);
}

TEST(RegistrationWaitTest, SaysWhoHasTheRegistrationAndWhatToDo) {
  RegistrationWait wait(1);
  wait.Elsewhere("/data/1: bookie 5 is registered by another daemon, at host:1");
  const auto refused = wait.Await(kNone, {});
  EXPECT_EQ(refused.error().code(), Errc::kWrongBookie);
  EXPECT_THAT(refused.error().context(), HasSubstr("at host:1"));
  EXPECT_THAT(refused.error().context(), HasSubstr("stop that one"));
  EXPECT_THAT(refused.error().context(), HasSubstr("an empty directory"));
}

TEST(RegistrationWaitTest, CanBeInterrupted) {
  RegistrationWait wait(1);
  EXPECT_EQ(wait.Await(kLong, [] { return true; }).error().code(), Errc::kShutdown);
}

}  // namespace
}  // namespace quire::bookie
