#include "bookie/daemon.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "bookie/loop_call.h"
#include "bookie_client.h"
#include "metadata/memory_store.h"
#include "metadata/registry.h"
#include "shard_fakes.h"

namespace quire::bookie {
namespace {

using common::Errc;
using common::Result;
using metadata::BookieInfo;
using protocol::Code;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Daemons in this process, on real directories, over metadata in memory.
class DaemonTest : public ::testing::Test {
 protected:
  DaemonTest() {
    std::string name = (std::filesystem::temp_directory_path() / "quire-daemon-XXXXXX").string();
    scratch_ = ::mkdtemp(name.data());
    RunOn(loop_, [this] { store_ = std::make_unique<metadata::MemoryStore>(loop_, tree_); });
    options_.directories = {scratch_ + "/a"};
    options_.shard.journal.file_bytes = 1 << 20;
    options_.shard.store.cache_bytes = 1 << 20;
    options_.shard.min_free_bytes = 1 << 20;
    options_.metadata_wait = std::chrono::seconds(10);
  }
  ~DaemonTest() override {
    daemon_.reset();
    RunOn(loop_, [this] { store_.reset(); });
    std::filesystem::remove_all(scratch_);
  }

  void InitCluster(protocol::InstanceId instance = {.high = 1, .low = 2}) {
    const auto made = Await<Result<void>>(
        loop_, [&](auto done) { metadata::InitCluster(*store_, instance, 1, std::move(done)); });
    ASSERT_TRUE(made) << made.error().ToString();
  }
  Log log() {
    return Log([this](LogLevel /*level*/, std::string_view line) {
      const std::lock_guard lock(log_mutex_);
      log_.append(line).append("\n");
    });
  }
  bool Logged(const std::string& text) {
    const std::lock_guard lock(log_mutex_);
    return log_.contains(text);
  }
  void ForgetLog() {
    const std::lock_guard lock(log_mutex_);
    log_.clear();
  }
  Result<void> Start() {
    daemon_.reset();
    auto started = BookieDaemon::Start(loop_, *store_, options_, log(),
                                       {.all_failed = [this] { all_failed_ = true; },
                                        .interrupted = [this] { return interrupted_.load(); }});
    if (!started) return common::Fail(started.error());
    daemon_ = *std::move(started);
    return {};
  }
  std::vector<BookieInfo> Registered() {
    return Await<Result<std::vector<BookieInfo>>>(
               loop_, [this](auto done) { metadata::ListBookies(*store_, std::move(done)); })
        .value();
  }
  // In a session of its own, which the caller ends on the loop.
  std::unique_ptr<metadata::MemoryStore> RegisterElsewhere(const BookieInfo& info) {
    auto other =
        RunOn(loop_, [this] { return std::make_unique<metadata::MemoryStore>(loop_, tree_); });
    const auto made = Await<Result<metadata::Version>>(loop_, [&](auto done) {
      other->Create(metadata::RegistrationPath(info), metadata::EncodeRegistration(info),
                    metadata::NodeKind::kEphemeral, std::move(done));
    });
    EXPECT_TRUE(made);
    return other;
  }
  template <typename Condition>
  static bool Eventually(Condition condition) {
    for (int i = 0; i < 1000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  std::string scratch_;
  rpc::AsioLoop loop_{"test"};
  std::shared_ptr<metadata::MemoryTree> tree_ = std::make_shared<metadata::MemoryTree>();
  std::unique_ptr<metadata::MemoryStore> store_;
  DaemonOptions options_;
  std::mutex log_mutex_;
  std::string log_;  // guarded by log_mutex_
  std::atomic<bool> all_failed_ = false;
  std::atomic<bool> interrupted_ = false;
  std::unique_ptr<BookieDaemon> daemon_;
};

// G13
TEST_F(DaemonTest, EachDirectoryIsARegisteredBookieOfItsOwn) {
  InitCluster();
  options_.directories.push_back(scratch_ + "/b");
  const auto started = Start();
  ASSERT_TRUE(started) << started.error().ToString();
  const auto ids = daemon_->bookies();
  ASSERT_EQ(ids.size(), 2U);
  EXPECT_EQ(Registered().size(), 2U);
  EXPECT_EQ(Registered()[0].address, daemon_->address());
  {
    BookieClient first(loop_, ids[0], daemon_->address());
    BookieClient second(loop_, ids[1], daemon_->address());
    EXPECT_EQ(first.AddAndWait(1, 0), Code::kOk);
    EXPECT_EQ(first.Read(1, {0}).answers.at(0).bytes, BookieClient::Entry(1, 0));
    EXPECT_EQ(second.Read(1, {0}).code, Code::kNoLedger);
    EXPECT_EQ(first.Status().bookies.size(), 2U);
    BookieClient stranger(loop_, {.high = 5, .low = 5}, daemon_->address());
    EXPECT_EQ(stranger.Read(1, {0}).code, Code::kWrongBookie);
  }
  EXPECT_TRUE(daemon_->Stop());
  EXPECT_TRUE(Registered().empty());
}

TEST_F(DaemonTest, ARestartKeepsEntriesFencesAndIdentity) {  // D02
  InitCluster();
  ASSERT_TRUE(Start());
  const auto id = daemon_->bookies()[0];
  {
    BookieClient client(loop_, id, daemon_->address());
    for (int i = 0; i < 100; ++i) ASSERT_EQ(client.AddAndWait(1, i), Code::kOk);
    EXPECT_EQ(client.Read(1, {100}, true).answers.at(0).code, Code::kNoEntry);
  }
  for (const bool clean : {false, true}) {
    if (clean) EXPECT_TRUE(daemon_->Stop());
    const auto started = Start();
    ASSERT_TRUE(started) << started.error().ToString();
    ASSERT_THAT(daemon_->bookies(), ElementsAre(id));
    BookieClient client(loop_, id, daemon_->address());
    EXPECT_EQ(client.AddAndWait(1, 100), Code::kFenced);
    for (int i = 0; i < 100; ++i) {
      ASSERT_EQ(client.Read(1, {i}).answers.at(0).bytes, BookieClient::Entry(1, i)) << clean;
    }
    EXPECT_EQ(client.Status().bookies.at(0).stored_lsn, clean ? 101 : 0);
  }
}

TEST_F(DaemonTest, ADirectoryWithOnlyItsCookieLeftIsRefused) {  // T-17
  InitCluster();
  ASSERT_TRUE(Start());
  {
    BookieClient client(loop_, daemon_->bookies()[0], daemon_->address());
    ASSERT_EQ(client.AddAndWait(1, 0), Code::kOk);
  }
  daemon_.reset();
  for (const char* name : {"journal", "segments", "index"}) {
    std::filesystem::remove_all(options_.directories[0] + "/" + name);
  }
  for (int start = 0; start < 2; ++start) {
    const auto started = Start();
    ASSERT_FALSE(started) << "it would deny what it acknowledged";
    EXPECT_EQ(started.error().code(), Errc::kCorrupt);
    EXPECT_THAT(started.error().context(), HasSubstr("quire disk rebuild-index"));
    EXPECT_FALSE(std::filesystem::exists(options_.directories[0] + "/index"));
  }
}

TEST_F(DaemonTest, ABookieWithoutRoomIsRegisteredReadOnly) {
  InitCluster();
  options_.shard.min_free_bytes = std::uint64_t{1} << 60;
  ASSERT_TRUE(Start());
  ASSERT_EQ(Registered().size(), 1U);
  EXPECT_FALSE(Registered()[0].writable);
}

TEST_F(DaemonTest, AFailedDirectoryIsDeregisteredAndTheOthersGoOn) {
  InitCluster();
  FakeStorage fakes;
  options_.directories.push_back(scratch_ + "/b");
  const Storage real = RealStorage();
  options_.storage.open_store = [&](common::Disk& disk, common::Loop& loop, common::Worker& flush,
                                    std::vector<common::Worker*> readers,
                                    const StoreOptions& options) {
    const bool fake = disk.path().starts_with(scratch_ + "/a/");
    return (fake ? fakes.storage() : real)
        .open_store(disk, loop, flush, std::move(readers), options);
  };
  options_.storage.open_journal = [&](common::Disk& disk, common::Loop& loop,
                                      common::Worker& worker, const JournalOptions& options,
                                      Lsn stored, const Journal::Replay& replay,
                                      Journal::Events events) {
    const bool fake = disk.path().starts_with(scratch_ + "/a/");
    return (fake ? fakes.storage() : real)
        .open_journal(disk, loop, worker, options, stored, replay, std::move(events));
  };
  ASSERT_TRUE(Start());
  const auto ids = daemon_->bookies();
  ASSERT_EQ(Registered().size(), 2U);
  loop_.Post([&fakes] { fakes.journal->events.failed(common::Error(Errc::kIo, "sync")); });
  EXPECT_TRUE(Eventually([this] { return Registered().size() == 1; }));
  EXPECT_EQ(Registered().at(0).bookie, ids[1]);
  EXPECT_FALSE(all_failed_);
  {
    BookieClient first(loop_, ids[0], daemon_->address());
    BookieClient second(loop_, ids[1], daemon_->address());
    EXPECT_EQ(first.Read(1, {0}).code, Code::kUnknown);
    EXPECT_EQ(second.AddAndWait(1, 0), Code::kOk);
  }
  EXPECT_FALSE(daemon_->Stop()) << "the failed one could not flush";
  daemon_.reset();
}

TEST_F(DaemonTest, TheLastFailureIsReported) {
  InitCluster();
  FakeStorage fakes;
  options_.storage = fakes.storage();
  ASSERT_TRUE(Start());
  loop_.Post([&fakes] { fakes.journal->events.failed(common::Error(Errc::kIo, "sync")); });
  EXPECT_TRUE(Eventually([this] { return all_failed_.load(); }));
  daemon_.reset();
}

TEST_F(DaemonTest, OneBadDirectoryRefusesTheStartAndIsNamed) {
  InitCluster();
  ASSERT_TRUE(Start());
  EXPECT_TRUE(daemon_->Stop());
  daemon_.reset();
  options_.directories.push_back(scratch_ + "/b");
  std::filesystem::create_directories(scratch_ + "/b/something");
  const auto started = Start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code(), Errc::kWrongBookie);
  EXPECT_THAT(started.error().context(), HasSubstr(scratch_ + "/b"));
  EXPECT_TRUE(Registered().empty());
}

// I05: a copy of the directory, or the directory itself taken elsewhere.
TEST_F(DaemonTest, WhileAnotherDaemonIsTheBookieTheStartWaitsAndThenRefuses) {
  InitCluster();
  ASSERT_TRUE(Start());
  const BookieInfo original{.bookie = daemon_->bookies()[0], .address = "10.0.0.9:3181"};
  EXPECT_TRUE(daemon_->Stop());
  auto other = RegisterElsewhere(original);
  options_.metadata_wait = std::chrono::milliseconds(200);
  const auto refused = Start();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::kWrongBookie);
  EXPECT_THAT(refused.error().context(), HasSubstr(scratch_ + "/a: bookie "));
  EXPECT_THAT(refused.error().context(), HasSubstr("another daemon, at 10.0.0.9:3181"));
  EXPECT_THAT(Registered(), ElementsAre(original));

  interrupted_ = true;
  options_.metadata_wait = std::chrono::minutes(10);
  EXPECT_EQ(Start().error().code(), Errc::kShutdown);
  interrupted_ = false;
  ForgetLog();

  std::thread end([&] {
    EXPECT_TRUE(Eventually([this] { return Logged("waiting until it is gone"); }));
    RunOn(loop_, [&] { other.reset(); });
  });
  const auto started = Start();
  end.join();
  ASSERT_TRUE(started) << started.error().ToString();
  EXPECT_EQ(Registered().at(0).address, daemon_->address());
}

// I05: whoever knows the address of old is not answered by a copy that waits.
TEST_F(DaemonTest, NobodyIsServedBeforeTheBookieIsRegistered) {
  InitCluster();
  ASSERT_TRUE(Start());
  const BookieInfo original{.bookie = daemon_->bookies()[0], .address = "10.0.0.9:3181"};
  const std::string address = daemon_->address();
  EXPECT_TRUE(daemon_->Stop());
  auto other = RegisterElsewhere(original);
  options_.listen_port =
      static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  std::thread start([this] { EXPECT_TRUE(Start()); });
  EXPECT_TRUE(Eventually([this] { return Logged("waiting until it is gone"); }));
  {
    BookieClient client(loop_, original.bookie, address);
    auto answer = std::async(std::launch::async, [&] { return client.AddAndWait(1, 0); });
    for (int i = 0; i < 50; ++i) EXPECT_THAT(Registered(), ElementsAre(original));
    EXPECT_NE(answer.wait_for(std::chrono::seconds(0)), std::future_status::ready);
    RunOn(loop_, [&] { other.reset(); });
    EXPECT_EQ(answer.get(), Code::kOk);
  }
  start.join();
}

// I05: it lost its session, and a copy that waited was quicker.
TEST_F(DaemonTest, ABookieThatAnotherDaemonHasBecomeAnswersNothingAnyMore) {
  InitCluster();
  ASSERT_TRUE(Start());
  const auto id = daemon_->bookies()[0];
  BookieClient client(loop_, id, daemon_->address());
  ASSERT_EQ(client.AddAndWait(1, 0), Code::kOk);
  const BookieInfo copy{.bookie = id, .address = "10.0.0.9:3181"};
  auto other =
      RunOn(loop_, [this] { return std::make_unique<metadata::MemoryStore>(loop_, tree_); });
  RunOn(loop_, [&] {  // in one turn, before the daemon hears of it
    store_->ExpireSession();
    other->Create(metadata::RegistrationPath(copy), metadata::EncodeRegistration(copy),
                  metadata::NodeKind::kEphemeral, [](const Result<metadata::Version>&) {});
  });
  EXPECT_TRUE(Eventually([this] { return all_failed_.load(); }));
  EXPECT_EQ(client.AddAndWait(1, 1), Code::kUnknown);
  EXPECT_EQ(client.Read(1, {0}).code, Code::kUnknown);
  EXPECT_THAT(Registered(), ElementsAre(copy));
  EXPECT_TRUE(Logged("this bookie is registered at 10.0.0.9:3181"));
  EXPECT_TRUE(daemon_->displaced()) << "which no supervisor should start again";
  daemon_.reset();
  RunOn(loop_, [&] { other.reset(); });
}

TEST_F(DaemonTest, ADirectoryInUseRefusesTheStart) {
  InitCluster();
  options_.directories.push_back(options_.directories[0] + "/../a");
  const auto started = Start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code(), Errc::kBusy);
}

TEST_F(DaemonTest, WithoutAClusterTheStartSaysWhatToDo) {
  const auto started = Start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code(), Errc::kWrongInstance);
  EXPECT_THAT(started.error().context(), HasSubstr("quire cluster init"));
}

TEST_F(DaemonTest, ASecondDaemonOnThePortIsRefused) {
  InitCluster();
  ASSERT_TRUE(Start());
  auto options = options_;
  options.directories = {scratch_ + "/b"};
  const std::string address = daemon_->address();
  options.listen_port =
      static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  const auto second = BookieDaemon::Start(loop_, *store_, options, Log(), {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Errc::kIo);
}

}  // namespace
}  // namespace quire::bookie
