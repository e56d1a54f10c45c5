#include "bookie/service_notifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "notify_socket.h"

namespace quire::bookie {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ServiceNotifierTest, SaysReadyOnlyWhenItServes) {
  const NotifySocket systemd;
  ServiceNotifier notifier;
  notifier.PhaseChanged(DaemonPhase::kMetadata);
  EXPECT_EQ(systemd.Take(), "STATUS=waiting for the metadata store|");
  notifier.PhaseChanged(DaemonPhase::kOpening);
  EXPECT_EQ(systemd.Take(),
            "STATUS=opening its directories and replaying their journals\n"
            "EXTEND_TIMEOUT_USEC=60000000|");
  notifier.PhaseChanged(DaemonPhase::kRegistering);
  EXPECT_THAT(systemd.Take(), Not(HasSubstr("READY")));
  notifier.PhaseChanged(DaemonPhase::kServing);
  EXPECT_EQ(systemd.Take(), "STATUS=serving\nREADY=1|");
  notifier.PhaseChanged(DaemonPhase::kStopping);
  EXPECT_EQ(systemd.Take(), "STATUS=stopping\nSTOPPING=1|");
}

TEST(ServiceNotifierTest, AReplayThatGoesOnGetsMoreTimeAndOneMessageForManyCalls) {
  const NotifySocket systemd;
  ServiceNotifier notifier;
  for (std::uint64_t records = 0; records < 1000; ++records) {
    notifier.Replaying("/data/1", 1024 * records);
  }
  EXPECT_THAT(systemd.Take(),
              ::testing::StartsWith("STATUS=/data/1: 0 records of the journal replayed\n"
                                    "EXTEND_TIMEOUT_USEC=60000000|"));
}

TEST(ServiceNotifierTest, WithoutSystemdNothingHappens) {
  ::unsetenv("NOTIFY_SOCKET");
  ServiceNotifier().PhaseChanged(DaemonPhase::kServing);
  ::setenv("NOTIFY_SOCKET", "/no/such/socket", 1);
  ServiceNotifier().PhaseChanged(DaemonPhase::kServing);
  ::unsetenv("NOTIFY_SOCKET");
}

}  // namespace
}  // namespace quire::bookie
