#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "bookie/loop_call.h"
#include "bookie_client.h"
#include "client/client.h"
#include "metadata/registry.h"
#include "metadata/zookeeper_store.h"
#include "tests/support/bookie_process.h"
#include "tests/support/zookeeper_server.h"
#include "tests/tools/cli_cluster.h"
#include "tools/exit_codes.h"

// A bookie that lost its index, from the loss to a cluster that is whole again: real servers, the
// real command.
namespace quire::testing {
namespace {

namespace fs = std::filesystem;

using bookie::Await;
using bookie::BookieClient;
using bookie::RunOn;
using protocol::Code;
using protocol::EntryId;
using protocol::LedgerId;
using ::testing::HasSubstr;
using ::testing::Not;

struct Answer {
  int status = -1;
  std::string out;
  std::string err;
};

Answer RebuildIndex(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"disk", "rebuild-index"});
  Process process(Quire(std::move(arguments)));
  const int status = process.Wait();
  return {.status = status, .out = process.out(), .err = process.err()};
}

std::set<std::string> Names(const std::string& directory) {
  std::set<std::string> names;
  for (const auto& item : fs::directory_iterator(directory)) {
    names.insert(item.path().filename().string());
  }
  return names;
}

class DiskRebuildTest : public ::testing::Test {
 protected:
  static constexpr std::int64_t kEntries = 12'000;  // of 1000 bytes: journals are trimmed
  static constexpr int kBookies = 3;

  DiskRebuildTest() : uri_(zookeeper_.uri("quire")) {
    rpc::AsioLoop loop("init");
    auto store = RunOn(loop, [&] { return metadata::ZookeeperStore::Open(loop, uri_).value(); });
    auto random = common::SystemRandom();
    const auto made = Await<common::Result<void>>(loop, [&](auto done) {
      metadata::InitCluster(*store, protocol::InstanceId::Make(random), 1, std::move(done));
    });
    EXPECT_TRUE(made) << made.error().ToString();
    RunOn(loop, [&] { store.reset(); });
    for (int i = 0; i < kBookies; ++i) {
      bookies_.push_back(std::make_unique<BookieProcess>(BookieProcess::Options{
          .metadata = uri_,
          .directories = {},
          .flags = {"--journal-file-mb", "1", "--cache-mb", "1", "--min-free-mb", "1"}}));
    }
  }

  static std::string Payload(LedgerId ledger, std::int64_t entry) {
    std::string text = std::to_string(ledger.value()) + "/" + std::to_string(entry) + " ";
    text.resize(1000, static_cast<char>('a' + entry % 26));
    return text;
  }
  static void Append(client::LedgerWriter& writer, std::int64_t first, std::int64_t end) {
    std::promise<void> all;
    std::int64_t left = end - first;
    bool ok = true;
    for (std::int64_t entry = first; entry < end; ++entry) {
      writer.AppendAsync(Payload(writer.id(), entry), [&](const client::AppendResult& result) {
        ok = ok && result.ok();
        if (--left == 0) all.set_value();
      });
    }
    all.get_future().wait();
    EXPECT_TRUE(ok);
  }
  // All three bookies have what is acknowledged: with fewer, one of them may lack some of it.
  std::unique_ptr<client::LedgerWriter> Create(client::Client& client) {
    return client.CreateLedger({.replication = {3, 3, 3}, .custom = {}}).value();
  }
  void ExpectWhole(client::Client& client, LedgerId ledger, std::int64_t entries) {
    const auto reader = client.OpenLedger(ledger).value();
    EXPECT_EQ(reader->progress().lac, EntryId(entries - 1));
    std::int64_t next = 0;
    while (next < entries) {
      const auto read = reader->Read(EntryId(next), EntryId(std::min(next + 499, entries - 1)));
      ASSERT_TRUE(read) << read.error().ToString();
      for (const auto& entry : *read) {
        ASSERT_EQ(std::string(entry.payload()), Payload(ledger, next)) << next;
        ++next;
      }
    }
  }

  ZookeeperServer zookeeper_;
  const std::string uri_;
  std::vector<std::unique_ptr<BookieProcess>> bookies_;
};

TEST_F(DiskRebuildTest, ABookieWithoutItsIndexServesAgainAndDeniesNothing) {  // H15, I08, I09
  BookieProcess& lost = *bookies_[0];
  const std::string directory = lost.directories().at(0);
  auto client = client::Client::Connect(uri_).value();
  const auto fenced = Create(*client);  // its fence will be in the old index only
  Append(*fenced, 0, 10);
  ASSERT_TRUE(client::Client::Connect(uri_).value()->SealLedger(fenced->id()));
  const auto empty = Create(*client);  // nothing of it is anywhere, when the index goes
  const auto open = Create(*client);   // its writer falls silent
  Append(*open, 0, kEntries);
  rpc::AsioLoop loop("bookie client");
  lost.Kill();
  fs::remove_all(directory + "/index");
  const auto segments = Names(directory + "/segments");
  ASSERT_GE(segments.size(), 3U);

  for (int start = 0; start < 2; ++start) {
    const auto refused =
        BookieProcess::Run({"--metadata", uri_, "--dir", directory, "--listen", "127.0.0.1:0"});
    EXPECT_EQ(refused.code, 1);
    EXPECT_THAT(refused.log, HasSubstr("quire disk rebuild-index"));
  }
  EXPECT_EQ(Names(directory + "/segments"), segments);

  const auto before = Names(directory);
  const Answer plan = RebuildIndex({directory});
  EXPECT_EQ(plan.status, tools::kExitOk) << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("Nothing was changed"));
  EXPECT_THAT(plan.out, Not(HasSubstr("behind LSN 0\n"))) << "the fence is not in the journal";
  EXPECT_EQ(Names(directory), before);
  const Answer done = RebuildIndex({directory, "--yes"});
  EXPECT_EQ(done.status, tools::kExitOk) << done.err;
  EXPECT_THAT(done.out, HasSubstr("The new index is in its place"));
  EXPECT_EQ(RebuildIndex({directory, "--yes"}).status, tools::kExitUsage) << "it is whole now";

  lost.Restart();
  EXPECT_THAT(lost.log(), HasSubstr("the index was rebuilt"));
  EXPECT_EQ(RebuildIndex({directory, "--yes"}).status, tools::kExitUnavailable);
  {
    BookieClient direct(loop, lost.bookies().at(0), lost.address());
    for (const auto* writer : {fenced.get(), empty.get(), open.get()}) {  // T-17, I8
      const auto key = client->DescribeLedger(writer->id())->key;
      EXPECT_EQ(direct.AddAndWait(writer->id().value(), kEntries, key), Code::kFenced);
    }
    const auto past = direct.Read(open->id().value(), {kEntries - 1, kEntries});
    ASSERT_EQ(past.answers.size(), 2U);
    EXPECT_EQ(past.answers[0].code, Code::kOk);
    EXPECT_EQ(past.answers[1].code, Code::kUnknown);
    EXPECT_EQ(direct.Read(empty->id().value(), {0}).answers.at(0).code, Code::kUnknown);
  }

  client = client::Client::Connect(uri_).value();
  for (const auto* writer : {open.get(), empty.get()}) {
    const auto sealed = client->SealLedger(writer->id());
    ASSERT_TRUE(sealed) << sealed.error().ToString();
  }
  ExpectWhole(*client, open->id(), kEntries);
  EXPECT_EQ(client->DescribeLedger(empty->id())->last_entry, protocol::kNoEntry);

  const auto after = client->CreateLedger({.replication = {3, 3, 3}, .custom = {}}).value();
  Append(*after, 0, 100);
  EXPECT_TRUE(after->Close());

  // The rebuilt bookie alone has all of it.
  bookies_[1]->Kill();
  bookies_[2]->Kill();
  client = client::Client::Connect(uri_).value();
  ExpectWhole(*client, open->id(), kEntries);
  ExpectWhole(*client, fenced->id(), 10);
  ExpectWhole(*client, after->id(), 100);
}

}  // namespace
}  // namespace quire::testing
