#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <thread>

#include "tests/tools/cli_cluster.h"
#include "tools/exit_codes.h"

// Death of writers and bookies, and recovery, with real processes.
namespace quire::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using tools::kExitOk;
using tools::kExitUnknown;

CliCluster& C() {
  return SharedCluster();
}

std::string FirstLine(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

// Numbered lines, so that what was kept can be told from any part of it.
std::string Lines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "entry number " + std::to_string(i) + "\n";
  return text;
}

// C08
TEST(CliRecoveryTest, SealKeepsAllThatAKilledWriterReportedAndNothingForeign) {
  const std::string input = Lines(200'000);
  // The pipe stays open: the writer cannot come to its end before it is killed.
  Process writer(C().Command({"ledger", "write", "--lines", "--report-acks"}),
                 {.bytes = "", .keep_open = true});
  std::thread feeder([&] { writer.Feed(input); });
  ASSERT_TRUE(writer.Await([&] { return AckLines(writer.out()).size() > 1000; })) << writer.err();
  writer.Signal(SIGKILL);
  EXPECT_EQ(writer.Wait(), 128 + SIGKILL);
  feeder.join();
  const std::string id = FirstLine(writer.out());
  const auto acks = AckLines(writer.out());
  ASSERT_EQ(C().Info(id)["state"], "open");

  const auto sealed = C().Run({"--output", "json", "ledger", "seal", id});
  ASSERT_EQ(sealed.status, kExitOk) << sealed.err;
  EXPECT_FALSE(json::parse(sealed.out)["was_closed"].get<bool>());
  const json info = C().Info(id);
  EXPECT_EQ(info["state"], "closed");
  const auto kept = info["last_entry"].get<std::size_t>() + 1;
  // The last line may be cut in the middle by the kill; the one before it was told for sure.
  EXPECT_GE(kept + 1, acks.size());
  const auto read = C().Run({"ledger", "read", id, "--lines"});
  EXPECT_EQ(read.status, kExitOk) << read.err;
  EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(read.out, '\n')), kept);
  EXPECT_TRUE(input.starts_with(read.out));
}

TEST(CliRecoveryTest, SealOfAClosedLedgerSucceedsAndSaysSo) {
  const std::string id = C().Write("one\n", {"--lines"});
  const auto sealed = C().Run({"ledger", "seal", id});
  EXPECT_EQ(sealed.status, kExitOk);
  EXPECT_THAT(sealed.out, HasSubstr("was closed before"));
  EXPECT_EQ(C().Info(id)["last_entry"], 0);
}

// C09
TEST(CliRecoveryTest, SealsAnEmptyLedgerAtMinusOne) {
  const auto written = C().Run({"ledger", "write", "--no-close"}, "");
  const std::string id = FirstLine(written.out);
  EXPECT_EQ(C().Run({"ledger", "seal", id}).status, kExitOk);
  EXPECT_EQ(C().Info(id)["last_entry"], -1);
  EXPECT_EQ(C().Info(id)["length"], 0);
}

// C25
TEST(CliRecoveryTest, EightSealsAtOnceAgree) {
  const auto written = C().Run({"ledger", "write", "--lines", "--no-close"}, Lines(3000));
  const std::string id = FirstLine(written.out);
  std::vector<std::unique_ptr<Process>> seals;
  for (int i = 0; i < 8; ++i) {
    seals.push_back(
        std::make_unique<Process>(C().Command({"--output", "json", "ledger", "seal", id})));
  }
  for (const auto& seal : seals) {
    ASSERT_EQ(seal->Wait(), kExitOk) << seal->err();
    const json answer = json::parse(seal->out());
    EXPECT_EQ(answer["last_entry"], 2999) << seal->out();
    EXPECT_EQ(answer["length"], Lines(3000).size() - 3000);
  }
  EXPECT_EQ(C().Run({"ledger", "read", id, "--lines"}).out, Lines(3000));
}

TEST(CliRecoveryTest, AWriterWhoseLedgerWasSealedCanAcknowledgeNothingMore) {
  Process writer(C().Command({"ledger", "write", "--lines", "--report-acks"}),
                 {.bytes = "one\n", .keep_open = true});
  ASSERT_TRUE(writer.Await([&] { return writer.out().ends_with("\n0\n"); })) << writer.err();
  const std::string id = FirstLine(writer.out());
  ASSERT_EQ(C().Run({"ledger", "seal", id}).status, kExitOk);
  writer.Feed("two\n");
  EXPECT_EQ(writer.Wait(), kExitUnknown) << writer.err();  // though its input goes on
  EXPECT_TRUE(IsOneLine(writer.err())) << writer.err();
  EXPECT_THAT(writer.err(), HasSubstr("fenced"));
  EXPECT_EQ(AckLines(writer.out()).size(), 1U);
  EXPECT_EQ(C().Run({"ledger", "read", id}).out, "one");
}

// B02
TEST(CliRecoveryTest, AWriterReplacesAKilledBookieAndLosesNothing) {
  CliCluster cluster(4);
  Process writer(cluster.Command({"ledger", "write", "--lines", "--report-acks"}),
                 {.bytes = Lines(500), .keep_open = true});
  ASSERT_TRUE(writer.Await([&] { return AckLines(writer.out()).size() == 500; })) << writer.err();
  const std::string id = FirstLine(writer.out());
  const std::string victim = cluster.Info(id)["segments"][0]["bookies"][0];
  cluster.KillBookie(victim);
  const std::string more = Lines(1000).substr(Lines(500).size());
  writer.Feed(more);
  EXPECT_TRUE(writer.Await([&] { return AckLines(writer.out()).size() == 1000; })) << writer.err();
  writer.EndInput();
  ASSERT_EQ(writer.Wait(), kExitOk) << writer.err();

  const json info = cluster.Info(id);
  ASSERT_EQ(info["segments"].size(), 2U);
  EXPECT_EQ(info["segments"][1]["first_entry"], 500);
  for (const auto& bookie : info["segments"][1]["bookies"]) EXPECT_NE(bookie, victim);
  EXPECT_EQ(cluster.Run({"ledger", "read", id, "--lines"}).out, Lines(1000));
  const auto map = cluster.Run({"ledger", "map", id});
  EXPECT_THAT(map.out, HasSubstr("segments: 2"));
  EXPECT_THAT(map.out, HasSubstr("left it"));
  EXPECT_TRUE(cluster.process().Await([&] {
    return cluster.process().err().find("killed by signal 9") != std::string::npos;
  })) << cluster.process().err();
}

// B05
TEST(CliRecoveryTest, WithoutASpareTheWriterFailsAndWhatWasAcknowledgedIsReadable) {
  CliCluster cluster(3);
  Process writer(cluster.Command({"ledger", "write", "-E", "3", "-W", "3", "-A", "3", "--lines",
                                  "--report-acks"}),
                 {.bytes = Lines(100), .keep_open = true});
  ASSERT_TRUE(writer.Await([&] { return AckLines(writer.out()).size() == 100; })) << writer.err();
  const std::string id = FirstLine(writer.out());
  cluster.KillBookie(cluster.Info(id)["segments"][0]["bookies"][2]);
  writer.Feed("one too many\n");
  EXPECT_EQ(writer.Wait(), kExitUnknown) << writer.err();
  EXPECT_TRUE(IsOneLine(writer.err())) << writer.err();
  EXPECT_EQ(AckLines(writer.out()).size(), 100U);
  const auto read = cluster.Run({"ledger", "read", id, "--lines", "--to", "99"});
  EXPECT_EQ(read.out, Lines(100)) << read.err;
}

}  // namespace
}  // namespace quire::testing
