#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tools/cli_cluster.h"
#include "tools/exit_codes.h"

// What the command refuses before it talks to anybody, and what it says when nobody answers.
namespace quire::testing {
namespace {

using ::testing::HasSubstr;
using tools::kExitOk;
using tools::kExitUnavailable;
using tools::kExitUsage;

struct Case {
  std::vector<std::string> arguments;
  std::string says;
};

class CliUsageTest : public ::testing::TestWithParam<Case> {};

TEST_P(CliUsageTest, IsRefusedWithOneLineAndStatusTwo) {
  Process process(Quire(GetParam().arguments));
  EXPECT_EQ(process.Wait(), kExitUsage);
  EXPECT_TRUE(IsOneLine(process.err())) << process.err();
  EXPECT_THAT(process.err(), HasSubstr(GetParam().says));
  EXPECT_EQ(process.out(), "");
}

const std::string kUri = "zk://127.0.0.1:1/quire";

INSTANTIATE_TEST_SUITE_P(
    Arguments, CliUsageTest,
    ::testing::Values(
        Case{{}, "subcommand"}, Case{{"frobnicate"}, "no command 'frobnicate'"},
        Case{{"ledger"}, "'quire ledger --help'"},
        Case{{"ledger", "read"}, "'quire ledger read --help'"},
        Case{{"ledger", "read", "x"}, "--help"}, Case{{"ledger", "read", "-3"}, "--help"},
        // never another ledger than its user reads
        Case{{"ledger", "delete", "010"}, "'010' is no ledger id"},
        Case{{"ledger", "seal", "0x1"}, "'0x1' is no ledger id"},
        Case{{"ledger", "info", "99999999999999999999"}, "no ledger id"},
        Case{{"ledger", "read", "1", "--from", "07"}, "'07' is no entry id"},
        Case{{"ledger", "write", "--lines", "--entry-size", "7"}, "--entry-size"},
        Case{{"ledger", "write", "--entry-size", "0"}, "--entry-size"},
        // A18: above the limit of an entry
        Case{{"ledger", "write", "--entry-size", "1048577"}, "1048576"},
        Case{{"ledger", "list", "--nonsense"}, "--nonsense"},
        Case{{"--output", "xml", "ledger", "list"}, "--output"},
        Case{{"ledger", "list"}, "QUIRE_METADATA"}, Case{{"cluster", "init"}, "QUIRE_METADATA"},
        Case{{"--metadata", "nowhere", "ledger", "list"}, "zk://"},
        Case{{"--metadata", "zk://127.0.0.1:1", "cluster", "init"}, "zk://"},
        Case{{"--metadata", kUri, "ledger", "write", "--ensemble", "2", "--write-quorum", "3"},
             "3"},
        Case{{"--metadata", kUri, "ledger", "write", "-E", "3", "-W", "2", "-A", "3"}, "3"},
        Case{{"--metadata", kUri, "ledger", "write", "-A", "0"}, "at least 1"},
        Case{{"--metadata", kUri, "ledger", "write", "-E", "33", "-W", "2"}, "32"},
        Case{{"--metadata", kUri, "ledger", "read", "1", "--from", "5", "--to", "4"}, "--from"},
        Case{{"--metadata", kUri, "bookie", "info", "nonsense"}, "HOST:PORT"},
        Case{{"cluster", "up", "--bookies", "0", "--dir", "/tmp/x"}, "--bookies"},
        Case{{"cluster", "up", "--bookies", "3"}, "--dir"},
        Case{{"bench", "append", "--window", "0"}, "--window"},
        Case{{"bench", "read", "--pattern", "sideways"}, "--pattern"},
        Case{{"bench", "floor"}, "--dir"}, Case{{"bench", "churn"}, "--local"}));

TEST(CliHelpTest, ExplainsEveryLevelWithTheExitStatus) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"--help"},
                                             {"cluster", "--help"},
                                             {"ledger", "write", "--help"},
                                             {"bench", "append", "--help"}}) {
    Process process(Quire(arguments));
    EXPECT_EQ(process.Wait(), kExitOk);
    EXPECT_THAT(process.out(), HasSubstr("Exit status:"));
    EXPECT_EQ(process.err(), "");
  }
}

TEST(CliHelpTest, ShowsExamples) {
  Process process(Quire({"ledger", "write", "--help"}));
  EXPECT_EQ(process.Wait(), kExitOk);
  EXPECT_THAT(process.out(), HasSubstr("Example:"));
  EXPECT_THAT(process.out(), HasSubstr("--report-acks"));
}

TEST(CliUnavailableTest, SaysWithinItsBoundThatZookeeperIsAbsent) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"cluster", "init"}, {"ledger", "write"}, {"bookie", "list"}}) {
    auto command = arguments;
    command.insert(command.begin(), {"--metadata", kUri});
    Process process(Quire(command));
    EXPECT_EQ(process.Wait(std::chrono::seconds(30)), kExitUnavailable) << process.err();
    EXPECT_TRUE(IsOneLine(process.err())) << process.err();
    EXPECT_THAT(process.err(), HasSubstr("ZooKeeper"));
    EXPECT_EQ(process.out(), "");
  }
}

}  // namespace
}  // namespace quire::testing
