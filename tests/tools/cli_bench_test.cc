#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/tools/cli_cluster.h"
#include "tools/exit_codes.h"

// That each benchmark does what it measures, to the end. What it measured is nobody's promise here.
namespace quire::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using tools::kExitOk;

nlohmann::json Bench(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"--output", "json", "bench"});
  const auto answer = SharedCluster().Run(std::move(arguments));
  EXPECT_EQ(answer.status, kExitOk) << answer.err;
  return nlohmann::json::parse(answer.out, nullptr, false);
}

// Ledgers of the cluster, which a benchmark should leave as they were.
std::string Ledgers() {
  return SharedCluster().Run({"ledger", "list"}).out;
}

struct Case {
  std::string name;
  std::vector<std::string> arguments;
  std::vector<std::string> tracks;  // each must have done something
};

class CliBenchTest : public ::testing::TestWithParam<Case> {};

TEST_P(CliBenchTest, MeasuresAndCleansUp) {
  const std::string before = Ledgers();
  const auto json = Bench(GetParam().arguments);
  ASSERT_TRUE(json.is_object());
  ASSERT_EQ(json["tracks"].size(), GetParam().tracks.size());
  for (std::size_t i = 0; i < json["tracks"].size(); ++i) {
    const auto& track = json["tracks"][i];
    EXPECT_EQ(track["name"], GetParam().tracks[i]);
    EXPECT_GT(track["count"], 0) << track["name"];
    EXPECT_GT(track["latency_us"]["p50"], 0) << track["name"];
    EXPECT_LE(track["latency_us"]["p50"], track["latency_us"]["max"]);
  }
  EXPECT_EQ(json["processes"][0]["name"], "client");
  EXPECT_EQ(Ledgers(), before);
}

std::vector<std::string> Short(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--seconds", "0.6", "--warmup", "0.2", "--window", "50"});
  return arguments;
}

INSTANTIATE_TEST_SUITE_P(
    Modes, CliBenchTest,
    ::testing::Values(
        Case{"ClosedLoop", Short({"append", "--ledgers", "7", "--writers", "2"}), {"appends"}},
        Case{"LargeEntries", Short({"append", "--entry-size", "131072"}), {"appends"}},
        Case{"OpenLoop", Short({"append", "--rate", "200", "--ledgers", "3"}), {"appends"}},
        Case{"Sequential",
             Short({"read", "--entries", "2000", "--ledgers", "2", "--readers", "2"}),
             {"reads"}},
        Case{"Random", Short({"read", "--pattern", "random", "--entries", "2000"}), {"reads"}},
        Case{"Tail", Short({"read", "--pattern", "tail", "--rate", "200"}), {"reads", "appends"}},
        Case{"CatchUp",
             Short({"read", "--pattern", "catch-up", "--entries", "2000"}),
             {"reads", "appends"}},
        Case{"Mixed", Short({"mixed", "--entries", "2000"}), {"appends", "reads"}},
        Case{"RolledLedgers",
             Short({"append", "--ledgers", "3", "--writers", "2", "--roll-seconds", "0.1"}),
             {"appends"}},
        Case{"Failover",
             {"failover", "--rounds", "2", "--unconfirmed", "20"},
             {"failovers", "seals", "creates", "first appends"}},
        Case{"Churn",
             {"churn", "--seconds", "0.6", "--warmup", "0", "--writers", "2"},
             {"ledgers"}}),
    [](const auto& info) { return info.param.name; });

// Of the first bookie of a benchmark's own cluster below `parent`; empty: not there yet.
std::string BookieLog(const std::string& parent) {
  std::error_code gone;
  std::ostringstream text;
  for (const auto& home : std::filesystem::directory_iterator(parent, gone)) {
    text << std::ifstream(home.path() / "bookie-1.log").rdbuf();
  }
  return text.str();
}

std::size_t CountOf(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(CliBenchLocalTest, BringsItsOwnClusterAndComparesWithTheFloor) {
  const ScratchDirectory scratch;
  const std::string plot = scratch.path() + "/plot.svg";
  Process process(
      Quire({"--output", "json", "bench", "append", "--local", "3", "--dir", scratch.path(),
             "--seconds", "0.6", "--warmup", "0", "--with-floor", "--plot", plot}));
  ASSERT_EQ(process.Wait(), kExitOk) << process.err();
  const auto json = nlohmann::json::parse(process.out(), nullptr, false);
  ASSERT_TRUE(json.is_object());
  EXPECT_EQ(json["processes"].size(), 5U);  // the client, three bookies, ZooKeeper
  EXPECT_GT(json["floor_per_second"], 0);
  EXPECT_GT(json["share_of_floor"], 0);
  std::ostringstream svg;
  svg << std::ifstream(plot).rdbuf();
  EXPECT_THAT(svg.str(), HasSubstr("<polyline"));
  std::filesystem::remove(plot);
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));  // no data, no process that made it
}

// Or ten minutes of appends would fill the disk. The bookies need nobody's consent for it.
TEST(CliBenchLocalTest, BookiesOfRolledLedgersGiveTheirSpaceBack) {
  const ScratchDirectory scratch;
  Process process(Quire({"bench",
                         "append",
                         "--local",
                         "1",
                         "-E",
                         "1",
                         "-W",
                         "1",
                         "-A",
                         "1",
                         "--ledgers",
                         "30",
                         "--window",
                         "60",
                         "--rate",
                         "600",
                         "--roll-seconds",
                         "1",
                         "--seconds",
                         "600",
                         "--dir",
                         scratch.path()}));
  // Of thirty ledgers ten may go in a round without the flags of this cluster.
  const auto collected = [&] {
    const std::string log = BookieLog(scratch.path());
    return CountOf(log, "collected the space of") >= 4;
  };
  ASSERT_TRUE(process.Await(collected)) << process.err();
  EXPECT_THAT(BookieLog(scratch.path()), Not(HasSubstr("held back")));
  process.Signal(SIGINT);
  EXPECT_NE(process.Wait(), kExitOk);
  EXPECT_THAT(process.err(), HasSubstr("interrupted"));
  EXPECT_THAT(process.err(), HasSubstr("rolled "));
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));
}

TEST(CliBenchFloorTest, MeasuresTheMachineAndLeavesNothing) {
  const ScratchDirectory scratch;
  Process process(Quire({"--output", "json", "bench", "floor", "--dir", scratch.path(), "--seconds",
                         "0.2", "--window", "100"}));
  ASSERT_EQ(process.Wait(), kExitOk) << process.err();
  const auto json = nlohmann::json::parse(process.out(), nullptr, false);
  ASSERT_TRUE(json.is_object());
  EXPECT_EQ(json["synced_writes"].size(), 15U);  // three ways, five sizes
  EXPECT_GT(json["loopback_us"]["p50"], 0);
  for (const char* kind : {"rpc", "path"}) {
    ASSERT_EQ(json[kind].size(), 2U);
    for (const auto& row : json[kind]) EXPECT_GT(row["per_second"], 0);
  }
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));
}

}  // namespace
}  // namespace quire::testing
