#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bookie/config.h"

namespace quire::bookie {
namespace {

using ::testing::HasSubstr;

// The flags of HTTP.
std::expected<Config, ConfigExit> Parse(std::vector<const char*> flags) {
  flags.insert(flags.begin(), {"bookie", "--metadata", "zk://a:1/q", "--dir", "/d"});
  return ParseConfig(static_cast<int>(flags.size()), flags.data());
}

std::string Refusal(std::vector<const char*> flags) {
  const auto config = Parse(std::move(flags));
  if (config) return "accepted";
  EXPECT_EQ(config.error().code, ExitCode::kUsage);
  return config.error().text;
}

TEST(HttpConfigTest, AnyFreePortOfThisMachineUnlessSaid) {
  const auto config = Parse({});
  ASSERT_TRUE(config) << config.error().text;
  ASSERT_TRUE(config->daemon.http);
  EXPECT_EQ(config->daemon.http->host, "127.0.0.1");
  EXPECT_EQ(config->daemon.http->port, 0);
  EXPECT_FALSE(config->daemon.http->control_from_anywhere);
}

TEST(HttpConfigTest, ReadsTheFlags) {
  const auto config = Parse({"--http", "0.0.0.0:8081", "--http-control"});
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->daemon.http->host, "0.0.0.0");
  EXPECT_EQ(config->daemon.http->port, 8081);
  EXPECT_TRUE(config->daemon.http->control_from_anywhere);
  const auto off = Parse({"--http", "off"});
  ASSERT_TRUE(off) << off.error().text;
  EXPECT_FALSE(off->daemon.http);
}

TEST(HttpConfigTest, RefusesWhatCannotWorkWithTheReason) {
  EXPECT_THAT(Refusal({"--http", "8081"}), HasSubstr("HOST:PORT or off"));
  EXPECT_THAT(Refusal({"--http", "127.0.0.1:70000"}), HasSubstr("HOST:PORT or off"));
  EXPECT_THAT(Refusal({"--http", "localhost:8081"}), HasSubstr("no IP address"));
  EXPECT_THAT(Refusal({"--http", "off", "--http-control"}), HasSubstr("http off"));
}

}  // namespace
}  // namespace quire::bookie
