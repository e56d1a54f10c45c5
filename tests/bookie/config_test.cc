#include "bookie/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace quire::bookie {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::expected<Config, ConfigExit> Parse(std::vector<const char*> flags) {
  flags.insert(flags.begin(), "bookie");
  return ParseConfig(static_cast<int>(flags.size()), flags.data());
}

std::string Refusal(std::vector<const char*> flags) {
  const auto config = Parse(std::move(flags));
  if (config) return "accepted";
  EXPECT_EQ(config.error().code, ExitCode::kUsage);
  return config.error().text;
}

TEST(ConfigTest, ReadsEveryFlag) {
  const auto config = Parse({"--metadata",
                             "zk://a:1/q",
                             "--dir",
                             "/d1",
                             "--dir",
                             "/d2",
                             "--listen",
                             "10.0.0.1:4000",
                             "--advertise",
                             "host:5000",
                             "--gc-interval-seconds",
                             "7",
                             "--min-free-mb",
                             "5",
                             "--cache-mb",
                             "3",
                             "--journal-file-mb",
                             "2",
                             "--log-level",
                             "warning"});
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->metadata, "zk://a:1/q");
  EXPECT_THAT(config->daemon.directories, ElementsAre("/d1", "/d2"));
  EXPECT_EQ(config->daemon.listen_host, "10.0.0.1");
  EXPECT_EQ(config->daemon.listen_port, 4000);
  EXPECT_EQ(config->daemon.advertise_host, "host");
  EXPECT_EQ(config->daemon.advertise_port, 5000);
  EXPECT_EQ(config->daemon.collector.interval, std::chrono::seconds(7));
  EXPECT_EQ(config->daemon.shard.min_free_bytes, 5U << 20);
  EXPECT_EQ(config->daemon.shard.store.cache_bytes, 3U << 20);
  EXPECT_EQ(config->daemon.shard.journal.file_bytes, 2U << 20);
  EXPECT_EQ(config->log_level, LogLevel::kWarning);
}

TEST(ConfigTest, NeedsOnlyMetadataAndADirectory) {
  const auto config = Parse({"--metadata", "zk://a:1/q", "--dir", "/d"});
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->daemon.listen_host, "127.0.0.1");
  EXPECT_EQ(config->daemon.listen_port, 3181);
  EXPECT_EQ(config->daemon.shard.min_free_bytes, ShardOptions().min_free_bytes);
  EXPECT_THAT(Refusal({"--dir", "/d"}), HasSubstr("--metadata"));
  EXPECT_THAT(Refusal({"--metadata", "zk://a:1/q"}), HasSubstr("--dir"));
}

TEST(ConfigTest, RefusesWhatCannotWorkWithTheReason) {
  const auto with = [](const char* flag, const char* value) {
    return Refusal({"--metadata", "zk://a:1/q", "--dir", "/d", flag, value});
  };
  EXPECT_THAT(with("--listen", "nonsense"), HasSubstr("HOST:PORT"));
  EXPECT_THAT(with("--listen", "999:1"), HasSubstr("no IP address"));
  EXPECT_THAT(with("--listen", "127.0.0.1:70000"), HasSubstr("HOST:PORT"));
  EXPECT_THAT(with("--listen", "127.0.0.1:"), HasSubstr("HOST:PORT"));
  EXPECT_THAT(with("--listen", "0.0.0.0:3181"), HasSubstr("--advertise"));
  EXPECT_THAT(with("--advertise", "0.0.0.0:3181"), HasSubstr("connect to"));
  EXPECT_THAT(with("--advertise", "host:0"), HasSubstr("connect to"));
  EXPECT_THAT(with("--gc-interval-seconds", "0"), HasSubstr("--gc-interval-seconds"));
  EXPECT_THAT(with("--log-level", "loud"), HasSubstr("--log-level"));
  EXPECT_THAT(with("--cache-mb", "3x"), HasSubstr("a whole number (MiB, 1 to 65536), not '3x'"));
  EXPECT_THAT(with("--cache-mb", "99999999999999999999"), HasSubstr("a whole number"));
  EXPECT_THAT(with("--metadata", "zk://b:1/q"), HasSubstr("--metadata")) << "comes twice";
  EXPECT_THAT(with("--no-such-flag", "1"), HasSubstr("--help"));
  EXPECT_THAT(with("--cahce-mb", "1"), HasSubstr("did you mean '--cache-mb'?"));
}

TEST(ConfigTest, AnAdvertisedAddressMakesEveryInterfacePossible) {
  EXPECT_TRUE(Parse({"--metadata", "zk://a:1/q", "--dir", "/d", "--listen", "0.0.0.0:1",
                     "--advertise", "host:1"}));
}

TEST(ConfigTest, HelpIsACleanExitAndExplainsTheExitCodes) {
  const auto config = Parse({"--help"});
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, ExitCode::kClean);
  EXPECT_THAT(config.error().text, HasSubstr("Exit codes"));
}

}  // namespace
}  // namespace quire::bookie
