#include "bookie/config_toml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "bookie/config.h"
#include "bookie/config_table.h"

namespace quire::bookie {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// A file of options, and flags on top of it.
class ConfigTomlTest : public ::testing::Test {
 protected:
  ConfigTomlTest() {
    std::string name = (std::filesystem::temp_directory_path() / "quire-toml-XXXXXX").string();
    scratch_ = ::mkdtemp(name.data());
    ::unsetenv("QUIRE_METADATA");
  }
  ~ConfigTomlTest() override {
    ::unsetenv("QUIRE_METADATA");
    std::filesystem::remove_all(scratch_);
  }

  std::string File(const std::string& text) const {
    const std::string path = scratch_ + "/q.toml";
    std::ofstream(path) << text;
    return path;
  }
  static std::expected<Config, ConfigExit> Parse(std::vector<std::string> flags) {
    std::vector<const char*> argv{"bookie"};
    for (const std::string& flag : flags) argv.push_back(flag.c_str());
    return ParseConfig(static_cast<int>(argv.size()), argv.data());
  }
  std::expected<Config, ConfigExit> With(const std::string& text,
                                         std::vector<std::string> flags = {}) const {
    flags.insert(flags.begin(), {"--config", File(text)});
    return Parse(std::move(flags));
  }
  // What a file with the two lines that have to be there, and this third one, is refused with.
  std::string Refusal(const std::string& line) const {
    const auto config = With(kLeast + line);
    if (config) return "accepted";
    EXPECT_EQ(config.error().code, ExitCode::kUsage);
    EXPECT_THAT(config.error().text, StartsWith(scratch_ + "/q.toml:3: "));
    return config.error().text;
  }
  static std::string Told(std::vector<std::string> flags) {
    const auto config = Parse(std::move(flags));
    if (config) return "it would serve";
    EXPECT_EQ(config.error().code, ExitCode::kClean) << config.error().text;
    return config.error().text;
  }

  static inline const std::string kLeast = "metadata = \"zk://a:1/q\"\ndir = [\"/d1\", \"/d2\"]\n";
  std::string scratch_;
};

TEST_F(ConfigTomlTest, AFileSetsWhatTheFlagsWould) {
  const auto config = With(kLeast +
                           "listen = \"10.0.0.1:4000\"\nhttp = \"0.0.0.0:8081\"\n"
                           "http_control = true\ncache_mb = 3\ngc_interval_seconds = 7\n"
                           "log_format = \"json\"\nlog_level = 'warning'\n");
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->metadata, "zk://a:1/q");
  EXPECT_THAT(config->daemon.directories, ElementsAre("/d1", "/d2"));
  EXPECT_EQ(config->daemon.listen_host, "10.0.0.1");
  EXPECT_EQ(config->daemon.listen_port, 4000);
  EXPECT_EQ(config->daemon.http->port, 8081);
  EXPECT_TRUE(config->daemon.http->control_from_anywhere);
  EXPECT_EQ(config->daemon.shard.store.cache_bytes, 3U << 20);
  EXPECT_EQ(config->daemon.collector.interval, std::chrono::seconds(7));
  EXPECT_EQ(config->daemon.shard.store.compaction.interval, std::chrono::seconds(7));
  EXPECT_EQ(config->log_format, LogFormat::kJson);
  EXPECT_EQ(config->log_level, LogLevel::kWarning);
  EXPECT_EQ(config->daemon.shard.journal.file_bytes, JournalOptions().file_bytes) << "the default";
}

TEST_F(ConfigTomlTest, AFlagGoesBeforeTheEnvironmentBeforeTheFile) {
  ::setenv("QUIRE_METADATA", "zk://env:1/q", 1);
  const std::string file = kLeast + "cache_mb = 3\nhttp_control = true\n";
  auto config = With(file, {"--cache-mb", "4", "--dir", "/other", "--http-control=false"});
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->metadata, "zk://env:1/q");
  EXPECT_THAT(config->daemon.directories, ElementsAre("/other"));
  EXPECT_EQ(config->daemon.shard.store.cache_bytes, 4U << 20);
  EXPECT_FALSE(config->daemon.http->control_from_anywhere);
  config = With(file, {"--metadata", "zk://flag:1/q"});
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->metadata, "zk://flag:1/q");
  EXPECT_EQ(config->daemon.shard.store.cache_bytes, 3U << 20);
}

TEST_F(ConfigTomlTest, AMistakeIsRefusedWithItsLineAndWhatIsAllowed) {
  EXPECT_THAT(Refusal("cache_mbs = 3"), HasSubstr("'cache_mbs' (did you mean 'cache_mb'?)"));
  EXPECT_THAT(Refusal("cache-mb = 3"), HasSubstr("did you mean 'cache_mb'?"));
  EXPECT_THAT(Refusal("min_free = 3"), HasSubstr("did you mean 'min_free_mb'?"));
  EXPECT_THAT(Refusal("wombat = 3"),
              AllOf(HasSubstr("there are metadata dir "), Not(HasSubstr("did you mean"))));
  EXPECT_THAT(Refusal("[cache]"), HasSubstr("every key stands by itself"));
  EXPECT_THAT(Refusal("cache_mb = 0"), HasSubstr("cache_mb: expected 1 to 65536 MiB, not 0"));
  EXPECT_THAT(Refusal("cache_mb = 65537"), HasSubstr("expected 1 to 65536 MiB, not 65537"));
  EXPECT_THAT(Refusal("cache_mb = -9223372036854775808"), HasSubstr("expected 1 to 65536"));
  EXPECT_THAT(Refusal("cache_mb = '3'"), HasSubstr("a whole number (MiB, 1 to 65536)"));
  EXPECT_THAT(Refusal("cache_mb = 3.0"), HasSubstr("a whole number"));
  EXPECT_THAT(Refusal("http_control = 1"), HasSubstr("true or false"));
  EXPECT_THAT(Refusal("listen = 3181"), HasSubstr("a text in quotation marks (HOST:PORT)"));
  EXPECT_THAT(Refusal("listen = 'localhost:1'"), HasSubstr("'localhost' is no IP address"));
  EXPECT_THAT(Refusal("listen = '0.0.0.0:1'"), HasSubstr("give --advertise HOST:PORT"));
  EXPECT_THAT(Refusal("log_level = 'loud'"), HasSubstr("debug, info, warning, error, not 'loud'"));
  EXPECT_THAT(Refusal("cache_mb = "), HasSubstr("this is no TOML"));
  for (const std::string& noise : {std::string("[\0\0t", 4), std::string("[`oob = 0")}) {
    EXPECT_THAT(Refusal(noise), HasSubstr("this is no TOML")) << "found by the fuzzer";
  }
  EXPECT_THAT(Refusal("metadata = 'zk://b:1/q'"), HasSubstr("this is no TOML")) << "comes twice";
}

TEST_F(ConfigTomlTest, AListOfDirectoriesIsOneOfTexts) {
  const auto refusal = [this](const std::string& dir) {
    const auto config = With("metadata = 'zk://a:1/q'\ndir = " + dir);
    return config ? "accepted" : config.error().text;
  };
  EXPECT_THAT(refusal("'/d'"), HasSubstr("q.toml:2: dir: expected a list of texts"));
  EXPECT_THAT(refusal("['/d', 1]"), HasSubstr("expected a list of texts"));
  EXPECT_THAT(refusal("['/d', '/d']"), HasSubstr("'/d' comes twice"));
  EXPECT_THAT(refusal("['']"), HasSubstr("without a name"));
  EXPECT_THAT(refusal("[]"), HasSubstr("--dir DIRECTORY (dir in a file)"));
}

TEST_F(ConfigTomlTest, AFileThatIsNoneIsRefused) {
  const auto refusal = [](const std::string& path) {
    const auto config = Parse({"--config", path});
    return config ? "accepted" : config.error().text;
  };
  EXPECT_THAT(refusal(scratch_ + "/none"), HasSubstr("No such file"));
  EXPECT_THAT(refusal(scratch_), HasSubstr("directory"));
  EXPECT_THAT(refusal(File(std::string((1 << 20) + 1, '#'))), HasSubstr("over 1 MiB"));
}

// Every option is set to something that is not its default.
TEST_F(ConfigTomlTest, WhatIsPrintedCanBeLoadedAndSaysTheSame) {
  const std::vector<std::string> flags{"--metadata",
                                       "zk://a:1,b:2/q",
                                       "--dir",
                                       "/d \"1\"\\\t#größe",
                                       "--dir",
                                       "/d2",
                                       "--listen",
                                       "::1:4000",
                                       "--advertise",
                                       "host:5000",
                                       "--http",
                                       "off",
                                       "--gc-interval-seconds",
                                       "7",
                                       "--min-free-mb",
                                       "1073741824",
                                       "--cache-mb",
                                       "122",
                                       "--journal-file-mb",
                                       "1",
                                       "--memory-mb",
                                       "2048",
                                       "--absence-seconds",
                                       "8",
                                       "--max-drop-percent",
                                       "0",
                                       "--quarantine-hours",
                                       "3",
                                       "--ballast-mb",
                                       "5",
                                       "--scrub-mb-per-second",
                                       "3",
                                       "--scrub-interval-hours",
                                       "0",
                                       "--compaction-mb-per-second",
                                       "2",
                                       "--log-level",
                                       "debug",
                                       "--log-format",
                                       "json"};
  auto print = flags;
  print.push_back("--print-config");
  const std::string printed = Told(print);
  const auto loaded = With(printed);
  ASSERT_TRUE(loaded) << loaded.error().text << "\n" << printed;
  const auto given = Parse(flags);
  ASSERT_TRUE(given) << given.error().text;
  for (const Option& option : ConfigTable()) {
    EXPECT_EQ(option.get(*loaded), option.get(*given)) << option.name;
    EXPECT_THAT(printed, HasSubstr("# " + std::string(option.reason) + ".\n"));
    if (option.name == "http-control") continue;  // says nothing with http off
    EXPECT_NE(option.get(*loaded), option.get(Config())) << option.name << " is not in this test";
  }
  EXPECT_EQ(Told({"--config", File(printed), "--print-config"}), printed);
  EXPECT_THAT(printed, HasSubstr("\n# MiB, 1 to 65536; default 56\ncache_mb = 122\n"));
}

TEST_F(ConfigTomlTest, ThePrintedDefaultsAreATemplate) {
  const std::string printed = Told({"--print-config"});
  EXPECT_THAT(printed, HasSubstr("\n#metadata = \"zk://HOST:PORT[,HOST:PORT...]/ROOT\"\n"));
  EXPECT_THAT(printed, HasSubstr("\n#dir = [\"DIRECTORY\"]\n"));
  const auto completed = With(printed + kLeast);
  ASSERT_TRUE(completed) << completed.error().text;
  for (const Option& option : ConfigTable()) {
    if (option.name == "metadata" || option.name == "dir") continue;
    EXPECT_EQ(option.get(*completed), option.get(Config())) << option.name;
  }
}

TEST_F(ConfigTomlTest, TheWriteCacheFitsTheMemoryOrIsRefused) {
  const auto print = [](std::vector<std::string> flags) {
    flags.push_back("--print-config");
    return Told(flags);
  };
  EXPECT_THAT(print({}), HasSubstr("\ncache_mb = 56\n")) << "the default fits the default";
  EXPECT_THAT(print({"--memory-mb", "4096"}), HasSubstr("\ncache_mb = 56\n"));
  EXPECT_THAT(print({"--memory-mb", "128"}), HasSubstr("\ncache_mb = 9\n"))
      << "a default gives way";
  EXPECT_THAT(print({"--memory-mb", "128", "--cache-mb", "8"}), HasSubstr("\ncache_mb = 8\n"));
  EXPECT_THAT(print({"--memory-mb", "4096", "--cache-mb", "400"}), HasSubstr("\ncache_mb = 400\n"));
  EXPECT_EQ(With(kLeast + "memory_mb = 160")->daemon.shard.store.cache_bytes, 6U << 20)
      << "of two directories each has half";
  EXPECT_THAT(Refusal("cache_mb = 7\nmemory_mb = 160"),
              HasSubstr(": cache_mb: with 160 MiB of memory (--memory-mb) for 2 directories "
                        "--cache-mb may be 6 at most; set it to that, leave it out, or give more "
                        "memory"));
  EXPECT_THAT(Refusal("cache_mb = 600"), HasSubstr("with 1024 MiB of memory"));
}

TEST_F(ConfigTomlTest, CheckingSaysWhetherItWouldServe) {
  EXPECT_EQ(Told({"--config", File(kLeast), "--check-config"}), "the configuration is valid");
  EXPECT_FALSE(std::filesystem::exists("/d1"));
  const auto incomplete = Parse({"--check-config", "--dir", "/d"});
  ASSERT_FALSE(incomplete);
  EXPECT_EQ(incomplete.error().code, ExitCode::kUsage);
  EXPECT_THAT(incomplete.error().text, HasSubstr("--metadata"));
  const auto uri = Parse({"--check-config", "--dir", "/d", "--metadata", "zk://a:1"});
  ASSERT_FALSE(uri);
  EXPECT_THAT(uri.error().text, HasSubstr("names no root"));
  const auto memory =
      Parse({"--check-config", "--dir", "/d", "--metadata", "zk://a:1/q", "--memory-mb", "64"});
  ASSERT_FALSE(memory);
  EXPECT_THAT(memory.error().text, HasSubstr("64 MiB of memory are too little"));
  EXPECT_EQ(Parse({"--check-config", "--print-config"}).error().code, ExitCode::kUsage);
}

TEST(ConfigTableTest, EveryOptionIsExplainedOnceAndItsDefaultIsValid) {
  EXPECT_LE(ConfigTable().size(), 25U) << "an operator has to know them all";
  std::vector<std::string_view> names;
  for (const Option& option : ConfigTable()) {
    EXPECT_THAT(names, Not(::testing::Contains(option.name)));
    names.push_back(option.name);
    EXPECT_EQ(option.reason.find('\n'), std::string_view::npos) << option.name;
    EXPECT_FALSE(option.reason.empty() || option.reason.ends_with('.')) << option.name;
    const OptionValue usual = option.get(Config());
    ASSERT_EQ(usual.index(), static_cast<std::size_t>(option.form)) << option.name;
    if (option.form != Option::Form::kNumber) continue;
    Config config;
    EXPECT_TRUE(option.set(config, usual)) << option.name;
    EXPECT_EQ(option.get(config), usual) << option.name << " is no whole number of its unit";
  }
}

}  // namespace
}  // namespace quire::bookie
