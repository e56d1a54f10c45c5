#include "tests/tools/cli_cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tools/exit_codes.h"

// Clusters and bookies through the command, and the lines of a bookie that cannot start.
namespace quire::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using tools::kExitFailed;
using tools::kExitNotFound;
using tools::kExitOk;
using tools::kExitUnavailable;
using tools::kExitUsage;

CliCluster& C() {
  return SharedCluster();
}

// The same servers, another root.
std::string OtherRoot(const std::string& root) {
  return C().uri().substr(0, C().uri().rfind('/')) + "/" + root;
}

bool Alive(pid_t pid) {
  return std::filesystem::exists("/proc/" + std::to_string(pid) + "/exe");
}

TEST(CliClusterTest, InitMakesAClusterOnce) {
  const std::string uri = OtherRoot("made-once");
  Process first(Quire({"--metadata", uri, "cluster", "init"}));
  EXPECT_EQ(first.Wait(), kExitOk) << first.err();
  Process second(Quire({"--metadata", uri, "cluster", "init"}));
  EXPECT_EQ(second.Wait(), kExitFailed);
  EXPECT_TRUE(IsOneLine(second.err())) << second.err();
  EXPECT_THAT(second.err(), HasSubstr("already"));
  Process status(Quire({"--metadata", uri, "cluster", "status"}));
  EXPECT_EQ(status.Wait(), kExitOk) << status.err();
  EXPECT_THAT(status.out(), HasSubstr("0 writable"));
}

TEST(CliClusterTest, SaysThatThereIsNoClusterAtARoot) {
  Process process(Quire({"--metadata", OtherRoot("nothing-here"), "ledger", "list"}));
  EXPECT_EQ(process.Wait(), kExitUnavailable);
  EXPECT_TRUE(IsOneLine(process.err())) << process.err();
  EXPECT_THAT(process.err(), HasSubstr("quire cluster init"));
}

TEST(CliClusterTest, StatusCountsBookiesAndLedgers) {
  C().Write("x");
  const auto answer = C().Run({"--output", "json", "cluster", "status"});
  ASSERT_EQ(answer.status, kExitOk) << answer.err;
  const json status = json::parse(answer.out);
  EXPECT_EQ(status["bookies"]["writable"], 5);
  EXPECT_EQ(status["bookies"]["unreachable"].size(), 0U);
  EXPECT_GE(status["ledgers"]["by_state"]["closed"].get<int>(), 1);
  EXPECT_EQ(status["instance"].get<std::string>().size(), 32U);
}

TEST(CliBookieTest, ListShowsEveryBookieOfTheCluster) {
  const auto answer = C().Run({"--output", "json", "bookie", "list"});
  ASSERT_EQ(answer.status, kExitOk) << answer.err;
  const json list = json::parse(answer.out);
  ASSERT_EQ(list.size(), 5U);
  for (const json& bookie : list) {
    EXPECT_EQ(bookie["address"], C().BookieOf(bookie["id"]).address);
    EXPECT_EQ(bookie["state"], "writable");
    EXPECT_EQ(bookie["writable"], true);
  }
}

TEST(CliBookieTest, ListAllShowsWhereEveryBookieIsOrWas) {
  const auto answer = C().Run({"--output", "json", "bookie", "list", "--all"});
  ASSERT_EQ(answer.status, kExitOk) << answer.err;
  const json list = json::parse(answer.out);
  ASSERT_EQ(list.size(), 5U);
  for (const json& bookie : list) {
    EXPECT_EQ(bookie["host"], "127.0.0.1");
    EXPECT_TRUE(bookie["directory"].get<std::string>().starts_with("/"));
    EXPECT_EQ(bookie["state"], "writable");
    EXPECT_TRUE(bookie["replaced_by"].is_null());
  }
}

TEST(CliBookieTest, InfoAsksByIdAndByAddress) {
  const auto& bookie = C().bookies().front();
  for (const std::string& name : {bookie.id, bookie.address}) {
    const auto answer = C().Run({"--output", "json", "bookie", "info", name});
    ASSERT_EQ(answer.status, kExitOk) << answer.err;
    const json status = json::parse(answer.out);
    EXPECT_EQ(status["phase"], "serving");
    EXPECT_EQ(status["address"], bookie.address);
    ASSERT_EQ(status["bookies"].size(), 1U);
    EXPECT_EQ(status["bookies"][0]["bookie"], bookie.id);
    EXPECT_EQ(status["bookies"][0]["state"], "writable");
    EXPECT_GT(status["bookies"][0]["free_bytes"].get<std::int64_t>(), 0);
  }
  const auto table = C().Run({"bookie", "info", bookie.id});
  ASSERT_EQ(table.status, kExitOk) << table.err;
  EXPECT_THAT(table.out, HasSubstr("\nbookie              " + bookie.id + "\n"));
  EXPECT_THAT(table.out, HasSubstr("\nstate               writable\n"));
  const auto lines = C().Run({"--json", "bookie", "list"});
  EXPECT_EQ(json::parse(lines.out).size(), 5U) << "--json is --output json";
  const auto unknown = C().Run({"bookie", "info", std::string(32, 'a')});
  EXPECT_EQ(unknown.status, kExitNotFound);
  EXPECT_TRUE(IsOneLine(unknown.err)) << unknown.err;
  const auto silent = C().Run({"bookie", "info", "127.0.0.1:1"});
  EXPECT_EQ(silent.status, kExitNotFound) << "nothing is registered there";
  EXPECT_TRUE(IsOneLine(silent.err)) << silent.err;
}

TEST(CliBookieTest, WatchingGoesOnUntilASignal) {
  const auto& bookie = C().bookies().front();
  Process watch(C().Command({"--json", "bookie", "info", bookie.id, "--watch"}));
  const auto lines = [&watch] { return std::ranges::count(watch.out(), '\n'); };
  ASSERT_TRUE(watch.Await([&] { return lines() >= 2; })) << watch.err();
  watch.Signal(SIGINT);
  EXPECT_EQ(watch.Wait(), kExitOk);
  std::istringstream out(watch.out());
  for (std::string line; std::getline(out, line);) {
    EXPECT_EQ(json::parse(line)["bookies"][0]["bookie"], bookie.id);
  }
}

TEST(CliBookieTest, InfoOfABookieWithoutHttpSaysSo) {
  const ScratchDirectory scratch;
  Process bookie({BOOKIE_BINARY, "--metadata", C().uri(), "--dir", scratch.path() + "/d",
                  "--listen", "127.0.0.1:0", "--http", "off", "--min-free-mb", "1"});
  ASSERT_TRUE(bookie.Await([&] { return bookie.out().ends_with("\n"); })) << bookie.err();
  const std::string line = bookie.out();
  const auto begin = line.find("address=") + 8;
  const std::string address = line.substr(begin, line.find(' ', begin) - begin);
  const auto info = C().Run({"bookie", "info", address});
  EXPECT_EQ(info.status, kExitFailed);
  EXPECT_THAT(info.err, HasSubstr("serves no HTTP: start it without --http off"));
  EXPECT_TRUE(IsOneLine(info.err)) << info.err;
  bookie.Signal(SIGTERM);
  EXPECT_EQ(bookie.Wait(), 0);
}

TEST(CliClusterUpTest, EndsEverythingItStartedAndKeepsTheDataForTheNextTime) {
  const ScratchDirectory scratch;
  std::string id;
  std::vector<pid_t> pids;
  {
    CliCluster cluster(3, scratch.path());
    id = cluster.Write("it stays\n", {"--lines"});
    for (const auto& bookie : cluster.bookies()) pids.push_back(bookie.pid);
    Process second(Quire({"cluster", "up", "--bookies", "1", "--dir", scratch.path()}));
    EXPECT_EQ(second.Wait(), kExitUsage);
    EXPECT_THAT(second.err(), HasSubstr("in use"));
    cluster.process().Signal(SIGTERM);
    EXPECT_EQ(cluster.process().Wait(), kExitOk) << cluster.process().err();
  }
  for (const pid_t pid : pids) EXPECT_FALSE(Alive(pid));
  const CliCluster again(3, scratch.path());
  EXPECT_EQ(again.Run({"ledger", "read", id}).out, "it stays");
}

TEST(CliClusterUpTest, LeavesNoServerBehindWhenItIsKilled) {
  CliCluster cluster(2);
  cluster.process().Signal(SIGKILL);
  EXPECT_EQ(cluster.process().Wait(), 128 + SIGKILL);
  // The kernel kills the children; somebody else reaps them, so only their program is gone for
  // sure.
  Process watcher({"sleep", "60"});
  for (const auto& bookie : cluster.bookies()) {
    EXPECT_TRUE(watcher.Await([&] { return !Alive(bookie.pid); }));
  }
}

TEST(CliClusterUpTest, SaysWhyADirectoryCannotBeUsed) {
  const ScratchDirectory scratch;
  std::ofstream(scratch.path() + "/file") << "no directory";
  Process process(
      Quire({"cluster", "up", "--bookies", "1", "--dir", scratch.path() + "/file/below"}));
  EXPECT_EQ(process.Wait(), kExitFailed);
  EXPECT_TRUE(IsOneLine(process.err())) << process.err();
  EXPECT_THAT(process.err(), HasSubstr("file/below"));
}

// A daemon that cannot start says why and ends with a status that is not 0. It waits half a minute
// for an absent ZooKeeper.
void ExpectRefusal(const std::vector<std::string>& arguments, const std::string& says) {
  std::vector<std::string> argv = {BOOKIE_BINARY};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  Process process(argv);
  EXPECT_GT(process.Wait(), 0) << process.err();
  EXPECT_THAT(process.err(), HasSubstr(says));
  EXPECT_EQ(process.out().find("bookie ready"), std::string::npos);
}

TEST(BookieStartTest, RefusesAPortInUse) {
  const ScratchDirectory scratch;
  const std::string& taken = C().bookies().front().address;
  ExpectRefusal({"--metadata", C().uri(), "--dir", scratch.path() + "/b", "--listen", taken},
                "in use");
}

TEST(BookieStartTest, RefusesADirectoryThatItCannotWrite) {
  ExpectRefusal({"--metadata", C().uri(), "--dir", "/proc/quire", "--listen", "127.0.0.1:0"},
                "/proc/quire");
}

TEST(BookieStartTest, RefusesARootWithoutACluster) {
  const ScratchDirectory scratch;
  ExpectRefusal({"--metadata", OtherRoot("not-made"), "--dir", scratch.path() + "/b", "--listen",
                 "127.0.0.1:0"},
                "quire cluster init");
}

TEST(BookieStartTest, RefusesADirectoryOfAnotherCluster) {
  const ScratchDirectory scratch;
  const std::string other = OtherRoot("another");
  Process init(Quire({"--metadata", other, "cluster", "init"}));
  ASSERT_EQ(init.Wait(), kExitOk) << init.err();
  const std::string directory = scratch.path() + "/b";
  {
    Process bookie(
        {BOOKIE_BINARY, "--metadata", other, "--dir", directory, "--listen", "127.0.0.1:0"});
    ASSERT_TRUE(bookie.Await([&] {
      return bookie.out().find("bookie ready") != std::string::npos;
    })) << bookie.err();
    bookie.Signal(SIGTERM);
    EXPECT_EQ(bookie.Wait(), 0) << bookie.err();
  }
  ExpectRefusal({"--metadata", C().uri(), "--dir", directory, "--listen", "127.0.0.1:0"},
                directory);
}

TEST(BookieStartTest, SaysThatZookeeperIsAbsent) {
  const ScratchDirectory scratch;
  ExpectRefusal({"--metadata", "zk://127.0.0.1:1/quire", "--dir", scratch.path() + "/b", "--listen",
                 "127.0.0.1:0"},
                "127.0.0.1:1");
}

}  // namespace
}  // namespace quire::testing
