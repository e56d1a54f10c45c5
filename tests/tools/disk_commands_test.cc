#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/tools/cli_cluster.h"
#include "tools/disk_findings.h"
#include "tools/exit_codes.h"

// quire disk on the directories of a real cluster: one bookie runs, one was killed, one stopped.
namespace quire::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;
using tools::kExitDamage;
using tools::kExitNotFound;
using tools::kExitOk;
using tools::kExitUnavailable;
using tools::kExitUsage;

struct Answer {
  int status = -1;
  std::string out;
  std::string err;
};

// Without --metadata: these commands need no cluster.
Answer Disk(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "disk");
  Process process(Quire(std::move(arguments)));
  const int status = process.Wait();
  return {.status = status, .out = process.out(), .err = process.err()};
}

json DiskJson(std::vector<std::string> arguments, int status = kExitOk) {
  arguments.insert(arguments.end(), {"--output", "json"});
  const Answer answer = Disk(std::move(arguments));
  EXPECT_EQ(answer.status, status) << answer.out << answer.err;
  return json::parse(answer.out, nullptr, false);
}

std::string Bytes(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

class DiskCommandsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    scratch_ = std::make_unique<ScratchDirectory>();
    cluster_ = std::make_unique<CliCluster>(3, scratch_->path() + "/cluster");
    std::istringstream lines(cluster_->process().out());
    for (std::string line; std::getline(lines, line);) {
      const auto at = line.find("directory=");
      if (!line.starts_with("bookie: ") || at == std::string::npos) continue;
      directories_.push_back(line.substr(at + 10, line.find(' ', at) - at - 10));
    }
    ASSERT_EQ(directories_.size(), 3U);
    ledger_ = cluster_->Write(BinaryNoise(std::size_t{2} << 20, 1),
                              {"--entry-size", "1000", "-W", "3", "-A", "3"});
    ASSERT_EQ(cluster_->Run({"ledger", "seal", ledger_}).status, kExitOk);
    ::kill(cluster_->bookies()[1].pid, SIGKILL);
    ::kill(cluster_->bookies()[2].pid, SIGTERM);
    ASSERT_TRUE(cluster_->process().Await([] {
      return Disk({"inspect", Killed()}).status == kExitOk &&
             Disk({"inspect", Stopped()}).status == kExitOk;
    }));
  }
  static void TearDownTestSuite() {
    cluster_.reset();
    scratch_.reset();
  }

  static std::string Running() { return directories_[0]; }
  static std::string Killed() { return directories_[1]; }
  static std::string Stopped() { return directories_[2]; }

  // A copy to damage.
  std::string Copy(const std::string& directory) {
    const std::string copy = own_.path() + "/copy";
    fs::copy(directory, copy, fs::copy_options::recursive);
    return copy;
  }

  static std::unique_ptr<ScratchDirectory> scratch_;
  static std::unique_ptr<CliCluster> cluster_;
  static std::vector<std::string> directories_;
  static std::string ledger_;
  ScratchDirectory own_;
};
std::unique_ptr<ScratchDirectory> DiskCommandsTest::scratch_;
std::unique_ptr<CliCluster> DiskCommandsTest::cluster_;
std::vector<std::string> DiskCommandsTest::directories_;
std::string DiskCommandsTest::ledger_;

TEST_F(DiskCommandsTest, ARunningBookieIsRefusedWithWhatToDo) {  // I05
  for (const char* command : {"inspect", "verify"}) {
    const Answer answer = Disk({command, Running()});
    EXPECT_EQ(answer.status, kExitUnavailable);
    EXPECT_TRUE(IsOneLine(answer.err)) << answer.err;
    EXPECT_THAT(answer.err, HasSubstr("a bookie daemon runs on"));
    EXPECT_THAT(answer.err, HasSubstr("stop it first"));
    EXPECT_EQ(answer.out, "");
  }
}

TEST_F(DiskCommandsTest, WhatIsNoBookiesDirectoryIsRefused) {  // I02
  for (const std::string& path : {own_.path(), own_.path() + "/nowhere"}) {
    const Answer answer = Disk({"verify", path});
    EXPECT_EQ(answer.status, kExitUsage);
    EXPECT_TRUE(IsOneLine(answer.err)) << answer.err;
    EXPECT_THAT(answer.err, HasSubstr("name the --dir of a bookie"));
  }
  EXPECT_TRUE(fs::is_empty(own_.path()));
  EXPECT_EQ(Disk({"verify"}).status, kExitUsage);
}

TEST_F(DiskCommandsTest, InspectShowsIdentityJournalAndLedgers) {  // I01
  const json killed = DiskJson({"inspect", Killed()});
  EXPECT_EQ(killed["cookie"]["bookie"], cluster_->bookies()[1].id);
  EXPECT_EQ(killed["cookie"]["directory"], fs::canonical(Killed()).string());
  EXPECT_EQ(killed["stored_lsn"], 0) << "nothing was flushed before the kill";
  EXPECT_GE(killed["records_above_stored"], 2098);
  std::uint64_t entries = 0;
  for (const json& file : killed["journal"]) {
    EXPECT_EQ(file["end"], "end");
    entries += file["entries"].get<std::uint64_t>();
  }
  EXPECT_EQ(entries, 2098U);

  const json stopped = DiskJson({"inspect", Stopped()});
  EXPECT_EQ(stopped["records_above_stored"], 0);
  EXPECT_EQ(stopped["entries"], 2098);
  ASSERT_EQ(stopped["segments"].size(), 1U);
  EXPECT_EQ(stopped["segments"][0]["records"], 2098);
  EXPECT_EQ(stopped["segments"][0]["live_bytes"], stopped["segments"][0]["record_bytes"]);
  EXPECT_EQ(stopped["ledgers"]["total"], 1);

  const Answer table = Disk({"inspect", Stopped()});
  EXPECT_EQ(table.status, kExitOk);
  EXPECT_THAT(table.out, HasSubstr("bookie     " + cluster_->bookies()[2].id));
  EXPECT_THAT(table.out, HasSubstr("JOURNAL FILE"));
  EXPECT_THAT(table.out, HasSubstr("ledgers    1, of them"));
}

TEST_F(DiskCommandsTest, InspectShowsOneLedgerInStoreOrJournal) {
  const json stored = DiskJson({"inspect", Stopped(), "--ledger", ledger_});
  EXPECT_EQ(stored["entries"], 2098);
  EXPECT_EQ(stored["state"]["last_entry"], 2097);
  EXPECT_TRUE(stored["state"]["key"]);
  EXPECT_EQ(stored["extents"][0]["first_entry"], 0);
  EXPECT_EQ(stored["extents"][0]["offset"], 4096);
  EXPECT_EQ(stored["journal_count"], 0);

  const json ahead = DiskJson({"inspect", Killed(), "--ledger", ledger_});
  EXPECT_EQ(ahead["extent_count"], 0);
  EXPECT_FALSE(ahead.contains("state"));
  EXPECT_GE(ahead["journal_count"], 2098);
  EXPECT_EQ(ahead["journal"][0]["type"], "entry");

  const Answer nobody = Disk({"inspect", Stopped(), "--ledger", "123456"});
  EXPECT_EQ(nobody.status, kExitNotFound);
  EXPECT_TRUE(IsOneLine(nobody.err)) << nobody.err;
}

TEST_F(DiskCommandsTest, VerifyFindsNothingAfterAKillOrAStop) {  // G06
  for (const std::string& directory : {Killed(), Stopped()}) {
    const Answer answer = Disk({"verify", directory, "--quiet"});
    EXPECT_EQ(answer.status, kExitOk) << answer.out;
    EXPECT_THAT(answer.out, HasSubstr("result     no damage"));
    EXPECT_EQ(answer.err, "");
  }
}

TEST_F(DiskCommandsTest, VerifyNamesDamageAndHasAStatusForIt) {  // H04
  const std::string copy = Copy(Stopped());
  const fs::path segment = fs::directory_iterator(copy + "/segments")->path();
  std::string bytes = Bytes(segment);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  std::ofstream(segment, std::ios::binary) << bytes;
  const Answer table = Disk({"verify", copy});
  EXPECT_EQ(table.status, kExitDamage);
  EXPECT_THAT(table.out, HasSubstr("damage: segments/" + segment.filename().string()));
  EXPECT_THAT(table.out, HasSubstr("ledger " + ledger_ + ", entry "));
  EXPECT_THAT(table.out, HasSubstr("other bookies hold copies"));
  EXPECT_THAT(table.out, HasSubstr("1 finding of damage"));
  const json found = DiskJson({"verify", copy}, kExitDamage)["findings"];
  EXPECT_EQ(found["damages"], 1);
  EXPECT_EQ(found["list"][0]["ledger"], std::stoll(ledger_));
  EXPECT_EQ(found["list"][0]["first_entry"], found["list"][0]["last_entry"]);
  EXPECT_EQ(Disk({"inspect", copy}).status, kExitOk) << "inspect does not read the records";
}

TEST_F(DiskCommandsTest, LeftoversAreToldAndAreNoDamage) {  // G15
  const std::string copy = Copy(Stopped());
  std::ofstream(copy + "/segments/segment-00000000000000ff.seg") << "cut short";
  const Answer answer = Disk({"verify", copy});
  EXPECT_EQ(answer.status, kExitOk);
  EXPECT_THAT(answer.out, HasSubstr("harmless: segments/segment-00000000000000ff.seg"));
  EXPECT_THAT(answer.out, HasSubstr("no damage, 1 harmless"));
}

TEST_F(DiskCommandsTest, HelpNamesTheStatusOfDamage) {
  const Answer answer = Disk({"verify", "--help"});
  EXPECT_EQ(answer.status, kExitOk);
  EXPECT_THAT(answer.out, HasSubstr("status 6"));
  EXPECT_EQ(kExitDamage, 6);
}

}  // namespace
}  // namespace quire::testing
