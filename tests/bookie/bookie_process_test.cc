#include "tests/support/bookie_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "bookie/loop_call.h"
#include "bookie_client.h"
#include "metadata/registry.h"
#include "metadata/zookeeper_store.h"
#include "notify_socket.h"
#include "tests/support/zookeeper_server.h"

namespace quire::bookie {
namespace {

using common::Result;
using protocol::Code;
using testing::BookieProcess;
using ::testing::EndsWith;
using ::testing::HasSubstr;

// Real daemons over a real ZooKeeper server, which all cases share; each has a cluster of its own.
class BookieProcessTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { zookeeper_ = std::make_unique<testing::ZookeeperServer>(); }
  static void TearDownTestSuite() { zookeeper_.reset(); }

  BookieProcessTest() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    uri_ = MakeCluster(test->name());
  }

  std::string MakeCluster(const std::string& root) {
    const std::string uri = zookeeper_->uri(root);
    auto store = RunOn(loop_, [&] { return metadata::ZookeeperStore::Open(loop_, uri).value(); });
    auto random = common::SystemRandom();
    const auto made = Await<Result<void>>(loop_, [&](auto done) {
      metadata::InitCluster(*store, protocol::InstanceId::Make(random), 1, std::move(done));
    });
    EXPECT_TRUE(made) << made.error().ToString();
    RunOn(loop_, [&] { store.reset(); });
    return uri;
  }
  BookieProcess::Options Options() {
    return {.metadata = uri_,
            .directories = {},
            .flags = {"--journal-file-mb", "1", "--cache-mb", "1", "--min-free-mb", "1"}};
  }

  static std::unique_ptr<testing::ZookeeperServer> zookeeper_;
  rpc::AsioLoop loop_{"test"};
  std::string uri_;
};
std::unique_ptr<testing::ZookeeperServer> BookieProcessTest::zookeeper_;

// Remembers which entries were acknowledged. Filled on the loop.
class Acknowledged final : public rpc::AddSink {
 public:
  void OnAdd(const rpc::AddTicket& ticket, Code code) override {
    const std::lock_guard lock(mutex_);
    ++answered_;
    if (code == Code::kOk) ids_.insert(ticket.entry.value());
  }
  std::set<std::int64_t> ids() const {
    const std::lock_guard lock(mutex_);
    return ids_;
  }
  std::int64_t answered() const {
    const std::lock_guard lock(mutex_);
    return answered_;
  }

 private:
  mutable std::mutex mutex_;
  std::set<std::int64_t> ids_;  // guarded by mutex_
  std::int64_t answered_ = 0;   // guarded by mutex_
};

TEST_F(BookieProcessTest, ServesUntilItIsToldToStop) {
  BookieProcess bookie(Options());
  {
    BookieClient client(loop_, bookie.bookies().at(0), bookie.address());
    EXPECT_EQ(client.AddAndWait(1, 0), Code::kOk);
    EXPECT_EQ(client.Read(1, {0}).answers.at(0).bytes, BookieClient::Entry(1, 0));
  }
  EXPECT_EQ(bookie.Term(), 0) << bookie.log();
  bookie.Restart();
  BookieClient client(loop_, bookie.bookies().at(0), bookie.address());
  EXPECT_EQ(client.Read(1, {0}).answers.at(0).bytes, BookieClient::Entry(1, 0));
  EXPECT_THAT(bookie.log(), HasSubstr(" 0 replayed")) << "a clean stop leaves nothing to replay";
}

// Started as its unit has it, with Type=notify.
TEST_F(BookieProcessTest, SystemdHearsOfStartReplayAndStop) {
  const NotifySocket systemd;
  BookieProcess bookie(Options());
  EXPECT_THAT(systemd.Take(), EndsWith("|STATUS=serving\nREADY=1|")) << "before the ready line";
  {
    BookieClient client(loop_, bookie.bookies().at(0), bookie.address());
    for (int i = 0; i < 3; ++i) ASSERT_EQ(client.AddAndWait(1, i), Code::kOk);
  }
  bookie.Kill();
  EXPECT_EQ(systemd.Take(), "") << "a crash says nothing";
  bookie.Restart();
  EXPECT_THAT(systemd.Take(),
              HasSubstr("|STATUS=" + bookie.directories().at(0) +
                        ": 0 records of the journal replayed\nEXTEND_TIMEOUT_USEC="));
  EXPECT_EQ(bookie.Term(), 0);
  EXPECT_EQ(systemd.Take(), "STATUS=stopping\nSTOPPING=1|");
}

TEST_F(BookieProcessTest, AConfigurationFileIsServedAndOneThatIsWrongRefused) {
  BookieProcess first(Options());
  EXPECT_EQ(first.Term(), 0);
  const std::string file = first.directories().at(0) + "/../q.toml";
  std::ofstream(file) << "metadata = \"" << uri_ << "\"\nlog_format = \"json\"\n";
  auto options = Options();
  options.flags = {"--config", file, "--http", "off", "--min-free-mb", "1"};
  BookieProcess second(options);
  EXPECT_THAT(second.log(), HasSubstr("\",\"level\":\"info\",\"message\":\""));
  EXPECT_EQ(second.Term(), 0);
  std::ofstream(file, std::ios::app) << "cache = 1\n";
  const auto refused = BookieProcess::Run({"--config", file, "--dir", "/nowhere"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.log, HasSubstr("q.toml:3: there is no option 'cache' (did you mean"));
}

TEST_F(BookieProcessTest, AKillUnderLoadLosesNothingAcknowledged) {  // I10, D02
  constexpr std::int64_t kRounds = 4;
  constexpr std::int64_t kWindow = 256;
  BookieProcess bookie(Options());
  std::int64_t next = 0;
  std::set<std::int64_t> acknowledged;
  for (std::int64_t round = 0; round < kRounds; ++round) {
    const auto sink = std::make_shared<Acknowledged>();
    const std::int64_t enough = 1500 * (round + 1);  // so that flushes and file changes are hit
    {
      BookieClient client(loop_, bookie.bookies().at(0), bookie.address());
      EXPECT_EQ(client.Read(100 + round, {0}, true).answers.at(0).code, Code::kNoEntry);
      const std::int64_t first = next;
      const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
      while (sink->answered() < enough) {
        ASSERT_LT(std::chrono::steady_clock::now(), deadline) << bookie.log();
        if (next - first - sink->answered() >= kWindow) {
          std::this_thread::yield();
          continue;
        }
        client.Add(1, next++, sink);
      }
      bookie.Kill();  // with a window of adds in flight
    }
    acknowledged.merge(sink->ids());
    ASSERT_GE(acknowledged.size(), static_cast<std::size_t>(enough));
    bookie.Restart();
    BookieClient client(loop_, bookie.bookies().at(0), bookie.address());
    for (const std::int64_t id : acknowledged) {
      const auto reply = client.Read(1, {id});
      ASSERT_EQ(reply.code, Code::kOk);
      ASSERT_EQ(reply.answers.at(0).bytes, BookieClient::Entry(1, id)) << "entry " << id;
    }
    for (std::int64_t fenced = 0; fenced <= round; ++fenced) {
      ASSERT_EQ(client.AddAndWait(100 + fenced, 0), Code::kFenced) << "fence " << fenced;
    }
  }
}

TEST_F(BookieProcessTest, AWrongDirectoryIsExitCodeThree) {
  BookieProcess bookie(Options());
  const std::string directory = bookie.directories().at(0);
  const auto busy =
      BookieProcess::Run({"--metadata", uri_, "--dir", directory, "--listen", "127.0.0.1:0"});
  EXPECT_EQ(busy.code, 1);
  EXPECT_THAT(busy.log, HasSubstr("in use by another bookie daemon"));
  EXPECT_EQ(bookie.Term(), 0);

  const auto other = BookieProcess::Run(
      {"--metadata", MakeCluster("other"), "--dir", directory, "--listen", "127.0.0.1:0"});
  EXPECT_EQ(other.code, 3);
  EXPECT_THAT(other.log, HasSubstr("belongs to cluster"));

  std::filesystem::remove_all(directory);  // T-17
  const auto emptied =
      BookieProcess::Run({"--metadata", uri_, "--dir", directory, "--listen", "127.0.0.1:0"});
  EXPECT_EQ(emptied.code, 3);
  EXPECT_THAT(emptied.log, HasSubstr("is empty but was bookie"));

  auto options = Options();
  options.directories = {directory};
  options.flags.insert(options.flags.end(), {"--rejoin", directory});
  const BookieProcess rejoined(options);
  EXPECT_NE(rejoined.bookies(), bookie.bookies()) << "another bookie, with no past";
}

TEST_F(BookieProcessTest, WithoutAClusterTheStartSaysWhatToDo) {
  const std::string directory =
      (std::filesystem::temp_directory_path() / "quire-no-cluster").string();
  const auto exit = BookieProcess::Run(
      {"--metadata", zookeeper_->uri("nothing"), "--dir", directory, "--listen", "127.0.0.1:0"});
  EXPECT_EQ(exit.code, 3);
  EXPECT_THAT(exit.log, HasSubstr("quire cluster init"));
  EXPECT_FALSE(std::filesystem::exists(directory)) << "nothing was touched";
}

TEST_F(BookieProcessTest, WrongFlagsAreExitCodeTwo) {
  EXPECT_EQ(BookieProcess::Run({"--dir", "/nowhere"}).code, 2);
  const auto uri = BookieProcess::Run({"--metadata", "nonsense", "--dir", "/nowhere"});
  EXPECT_EQ(uri.code, 2) << uri.log;
}

TEST_F(BookieProcessTest, ServesWithoutZookeeperAndIsRegisteredWhenItIsBack) {
  BookieProcess bookie(Options());
  BookieClient client(loop_, bookie.bookies().at(0), bookie.address());
  zookeeper_->Kill();
  EXPECT_EQ(client.AddAndWait(1, 0), Code::kOk) << "the data path does not need it";
  zookeeper_->Restart();
  auto store = RunOn(loop_, [&] { return metadata::ZookeeperStore::Open(loop_, uri_).value(); });
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  std::vector<metadata::BookieInfo> bookies;
  while (bookies.empty() && std::chrono::steady_clock::now() < deadline) {
    auto listed = Await<Result<std::vector<metadata::BookieInfo>>>(
        loop_, [&](auto done) { metadata::ListBookies(*store, std::move(done)); });
    if (listed) bookies = *std::move(listed);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  RunOn(loop_, [&] { store.reset(); });
  ASSERT_EQ(bookies.size(), 1U) << bookie.log();
  EXPECT_EQ(bookies[0].address, bookie.address());
}

}  // namespace
}  // namespace quire::bookie
