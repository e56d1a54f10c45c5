#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tools/cli_cluster.h"
#include "tools/exit_codes.h"

// Ledgers through the command, against real servers.
namespace quire::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using tools::kExitNotFound;
using tools::kExitOk;
using tools::kExitUnavailable;
using tools::kExitUsage;

CliCluster& C() {
  return SharedCluster();
}

// A01
TEST(CliLedgerTest, GivesBackBinaryBytesExactly) {
  const std::string input = BinaryNoise(3'000'001, 1);
  const std::string id = C().Write(input, {"--entry-size", "1000"});
  const auto read = C().Run({"ledger", "read", id});
  EXPECT_EQ(read.status, kExitOk) << read.err;
  EXPECT_TRUE(read.out == input);

  const json info = C().Info(id);
  EXPECT_EQ(info["id"], std::stoll(id));
  EXPECT_EQ(info["state"], "closed");
  EXPECT_EQ(info["last_entry"], 3000);
  EXPECT_EQ(info["length"], input.size());
  EXPECT_EQ(info["ensemble_size"], 3);
  EXPECT_EQ(info["write_quorum"], 2);
  EXPECT_EQ(info["ack_quorum"], 2);
  ASSERT_EQ(info["segments"].size(), 1U);
  EXPECT_EQ(info["segments"][0]["first_entry"], 0);
  EXPECT_EQ(info["segments"][0]["bookies"].size(), 3U);
  EXPECT_TRUE(info["version"].is_number());
}

TEST(CliLedgerTest, ReadsARangeOfEntries) {
  const std::string id = C().Write("a\nbb\n\ndddd\n", {"--lines"});
  EXPECT_EQ(C().Run({"ledger", "read", id, "--lines"}).out, "a\nbb\n\ndddd\n");
  EXPECT_EQ(C().Run({"ledger", "read", id}).out, "abbdddd");
  EXPECT_EQ(C().Run({"ledger", "read", id, "--from", "1", "--to", "2", "--lines"}).out, "bb\n\n");
  EXPECT_EQ(C().Run({"ledger", "read", id, "--from", "3"}).out, "dddd");
  const auto beyond = C().Run({"ledger", "read", id, "--to", "4"});
  EXPECT_EQ(beyond.status, kExitNotFound);
  EXPECT_EQ(beyond.out, "");
  EXPECT_TRUE(IsOneLine(beyond.err)) << beyond.err;
  EXPECT_THAT(beyond.err, HasSubstr("last confirmed entry is 3"));
}

TEST(CliLedgerTest, MakesAClosedEmptyLedgerOfEmptyInput) {
  const std::string id = C().Write("");
  const json info = C().Info(id);
  EXPECT_EQ(info["state"], "closed");
  EXPECT_EQ(info["last_entry"], -1);
  EXPECT_EQ(info["length"], 0);
  const auto read = C().Run({"ledger", "read", id});
  EXPECT_EQ(read.status, kExitOk);
  EXPECT_EQ(read.out, "");
  EXPECT_EQ(C().Run({"ledger", "tail", id}).status, kExitOk);
}

TEST(CliLedgerTest, ReportsEachAcknowledgementInOrder) {
  const auto written =
      C().Run({"ledger", "write", "--entry-size", "10", "--report-acks"}, std::string(50'000, 'x'));
  ASSERT_EQ(written.status, kExitOk) << written.err;
  const auto acks = AckLines(written.out);
  ASSERT_EQ(acks.size(), 5000U);
  for (std::size_t i = 0; i < acks.size(); ++i) ASSERT_EQ(acks[i], std::to_string(i));
}

TEST(CliLedgerTest, ReportsAnAcknowledgementWhileTheInputIsSilent) {
  Process writer(C().Command({"ledger", "write", "--lines", "--report-acks"}),
                 {.bytes = "one\n", .keep_open = true});
  EXPECT_TRUE(writer.Await([&] { return writer.out().ends_with("\n0\n"); })) << writer.err();
  writer.Feed("two\n");
  EXPECT_TRUE(writer.Await([&] { return writer.out().ends_with("\n1\n"); })) << writer.err();
  writer.EndInput();
  EXPECT_EQ(writer.Wait(), kExitOk) << writer.err();
}

TEST(CliLedgerTest, TailFollowsALiveWriterAndEndsAtTheClose) {
  Process writer(C().Command({"ledger", "write", "--lines", "--report-acks"}),
                 {.bytes = "first\n", .keep_open = true});
  ASSERT_TRUE(writer.Await([&] { return writer.out().ends_with("\n0\n"); })) << writer.err();
  const std::string id = writer.out().substr(0, writer.out().find('\n'));
  Process tail(C().Command({"ledger", "tail", id, "--lines"}));
  EXPECT_TRUE(tail.Await([&] { return tail.out() == "first\n"; })) << tail.err();
  writer.Feed("second\nthird\n");
  EXPECT_TRUE(tail.Await([&] { return tail.out() == "first\nsecond\nthird\n"; })) << tail.out();
  EXPECT_TRUE(tail.Running());
  writer.EndInput();
  EXPECT_EQ(writer.Wait(), kExitOk) << writer.err();
  EXPECT_EQ(tail.Wait(), kExitOk) << tail.err();
  EXPECT_EQ(tail.out(), "first\nsecond\nthird\n");
}

// C26
TEST(CliLedgerTest, ReadersDoNotDisturbTheWriter) {
  Process writer(C().Command({"ledger", "write", "--lines", "--report-acks"}),
                 {.bytes = "one\ntwo\n", .keep_open = true});
  ASSERT_TRUE(writer.Await([&] { return writer.out().ends_with("\n1\n"); })) << writer.err();
  const std::string id = writer.out().substr(0, writer.out().find('\n'));
  const auto read = C().Run({"ledger", "read", id});
  EXPECT_EQ(read.status, kExitOk) << read.err;
  EXPECT_TRUE(std::string("onetwo").starts_with(read.out)) << read.out;
  EXPECT_EQ(C().Info(id)["state"], "open");
  EXPECT_EQ(C().Run({"ledger", "map", id, "--verify"}).status, kExitOk);
  writer.Feed("three\n");
  writer.EndInput();
  EXPECT_EQ(writer.Wait(), kExitOk) << writer.err();
  EXPECT_EQ(C().Info(id)["segments"].size(), 1U);
  EXPECT_EQ(C().Run({"ledger", "read", id}).out, "onetwothree");
}

TEST(CliLedgerTest, LeavesALedgerOpenOnRequestAndSaysWhatItWants) {
  const auto written = C().Run({"ledger", "write", "--lines", "--no-close"}, "one\n");
  EXPECT_EQ(written.status, kExitOk);
  EXPECT_THAT(written.err, HasSubstr("quire ledger seal"));
  const std::string id = written.out.substr(0, written.out.find('\n'));
  EXPECT_EQ(C().Info(id)["state"], "open");
  EXPECT_EQ(C().Run({"ledger", "seal", id}).status, kExitOk);
  EXPECT_EQ(C().Run({"ledger", "read", id}).out, "one");
}

TEST(CliLedgerTest, DrawsAMapOnWhichEveryCopyIsFound) {
  const std::string id = C().Write(std::string(10'000, 'x'), {"--entry-size", "10"});
  const auto map = C().Run({"ledger", "map", id, "--verify"});
  EXPECT_EQ(map.status, kExitOk) << map.err;
  EXPECT_THAT(map.out, HasSubstr("1,000 entries"));
  EXPECT_THAT(map.out, HasSubstr("2,000 expected, 2,000 found, 0 missing, 0 not known"));
}

TEST(CliLedgerTest, ListsAndDeletes) {
  const std::string id = C().Write("gone soon\n", {"--lines"});
  const auto listed = [&] {
    const auto answer = C().Run({"--output", "json", "ledger", "list"});
    EXPECT_EQ(answer.status, kExitOk) << answer.err;
    for (const json& ledger : json::parse(answer.out)) {
      if (ledger["id"] == std::stoll(id)) return true;
    }
    return false;
  };
  EXPECT_TRUE(listed());
  EXPECT_THAT(C().Run({"ledger", "list"}).out, HasSubstr("\n" + id + " "));
  EXPECT_EQ(C().Run({"ledger", "delete", id}).status, kExitOk);
  EXPECT_FALSE(listed());
  for (const char* command : {"info", "read", "tail", "map", "seal", "delete"}) {
    const auto answer = C().Run({"ledger", command, id});
    EXPECT_EQ(answer.status, kExitNotFound) << command << ": " << answer.err;
    EXPECT_TRUE(IsOneLine(answer.err)) << answer.err;
  }
}

TEST(CliLedgerTest, SaysThatALedgerIsUnknown) {
  const auto answer = C().Run({"ledger", "read", "123456789"});
  EXPECT_EQ(answer.status, kExitNotFound);
  EXPECT_TRUE(IsOneLine(answer.err)) << answer.err;
  EXPECT_THAT(answer.err, HasSubstr("no such ledger"));
}

// A02
TEST(CliLedgerTest, RefusesAnEnsembleLargerThanTheClusterAndLeavesNothing) {
  const auto count = [] {
    return json::parse(C().Run({"--output", "json", "ledger", "list"}).out).size();
  };
  const auto before = count();
  const auto answer = C().Run({"ledger", "write", "--ensemble", "6"}, "x");
  EXPECT_EQ(answer.status, kExitUnavailable);
  EXPECT_EQ(answer.out, "");
  EXPECT_TRUE(IsOneLine(answer.err)) << answer.err;
  EXPECT_THAT(answer.err, HasSubstr("not enough bookies"));
  EXPECT_EQ(count(), before);
}

TEST(CliLedgerTest, WarnsOfAnAckQuorumOfOne) {
  const auto answer = C().Run({"ledger", "write", "--ack-quorum", "1"}, "x");
  EXPECT_EQ(answer.status, kExitOk);
  EXPECT_TRUE(IsOneLine(answer.err)) << answer.err;
  EXPECT_THAT(answer.err, HasSubstr("warning: ack quorum 1"));
}

// A18
TEST(CliLedgerTest, TakesAnEntryOfTheLimitAndRefusesALongerLineKeepingWhatWasBefore) {
  const std::string most(1'048'576, 'x');
  const std::string id = C().Write(most + "\n", {"--lines"});
  EXPECT_TRUE(C().Run({"ledger", "read", id}).out == most);

  const auto answer = C().Run({"ledger", "write", "--lines"}, "kept\n" + most + "x\nnever\n");
  EXPECT_EQ(answer.status, kExitUsage);
  EXPECT_TRUE(IsOneLine(answer.err)) << answer.err;
  EXPECT_THAT(answer.err, HasSubstr("line 2"));
  const std::string kept = answer.out.substr(0, answer.out.find('\n'));
  EXPECT_EQ(C().Info(kept)["state"], "closed");
  EXPECT_EQ(C().Run({"ledger", "read", kept}).out, "kept");
}

TEST(CliLedgerTest, EndsQuietlyWhenNobodyReadsItsOutput) {
  const std::string id = C().Write(std::string(8'000'000, 'y'));
  const auto command = C().Command({"ledger", "read", id});
  std::string line;
  for (const auto& word : command) line += "'" + word + "' ";
  Process shell({"bash", "-c", "set -o pipefail; " + line + "| head -c 10"});
  EXPECT_EQ(shell.Wait(), kExitOk);
  EXPECT_EQ(shell.out(), "yyyyyyyyyy");
  EXPECT_EQ(shell.err(), "");
}

}  // namespace
}  // namespace quire::testing
