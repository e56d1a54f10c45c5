#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "bookie/daemon.h"
#include "bookie/loop_call.h"
#include "bookie_client.h"
#include "failing_disk.h"
#include "metadata/ledger_store.h"
#include "metadata/memory_store.h"
#include "metadata/registry.h"
#include "shard_fakes.h"

namespace quire::bookie {
namespace {

using common::Errc;
using common::Result;
using protocol::Code;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// A daemon in this process as its operator sees it.
class HttpDaemonTest : public ::testing::Test {
 protected:
  HttpDaemonTest() {
    std::string name = (std::filesystem::temp_directory_path() / "quire-http-XXXXXX").string();
    scratch_ = ::mkdtemp(name.data());
    RunOn(loop_, [this] {
      store_ = std::make_unique<metadata::MemoryStore>(loop_, tree_);
      ledgers_ = std::make_unique<metadata::LedgerStore>(loop_, *store_, random_);
    });
    options_.directories = {scratch_ + "/a"};
    options_.http = HttpOptions{};
    options_.shard.journal.file_bytes = 1 << 20;
    options_.shard.store.cache_bytes = 1 << 20;
    options_.shard.min_free_bytes = 1 << 20;
    const auto made = Await<Result<void>>(loop_, [&](auto done) {
      metadata::InitCluster(*store_, {.high = 1, .low = 2}, 1, std::move(done));
    });
    EXPECT_TRUE(made) << made.error().ToString();
  }
  ~HttpDaemonTest() override {
    daemon_.reset();
    RunOn(loop_, [this] {
      ledgers_.reset();
      store_.reset();
    });
    std::filesystem::remove_all(scratch_);
  }

  void Start() {
    auto started = BookieDaemon::Start(loop_, *store_, options_, Log(sink_), {});
    ASSERT_TRUE(started) << started.error().ToString();
    daemon_ = *std::move(started);
    http_ = daemon_->http_address();
  }
  // The whole answer, empty when there is none.
  std::string Ask(const std::string& method, const std::string& target) const {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    const timeval limit{.tv_sec = 30, .tv_usec = 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port =
        htons(static_cast<std::uint16_t>(std::stoi(http_.substr(http_.find(':') + 1))));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const std::string request =
        method + " " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    std::string answer;
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
        ::send(socket, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
      char buffer[4096];
      for (ssize_t got = 1; got > 0;) {
        got = ::recv(socket, buffer, sizeof(buffer), 0);
        if (got > 0) answer.append(buffer, static_cast<std::size_t>(got));
      }
    }
    ::close(socket);
    return answer;
  }
  protocol::LedgerId CreateLedger() {
    metadata::LedgerMetadata ledger;
    ledger.replication = {.ensemble = 1, .write_quorum = 1, .ack_quorum = 1};
    ledger.segments[protocol::EntryId(0)] = {protocol::BookieId{.high = 1, .low = 2}};
    return Await<Result<metadata::VersionedLedger>>(
               loop_, [&](auto done) { ledgers_->Create(ledger, std::move(done)); })
        .value()
        .value->id;
  }
  // As whoever has only the metadata store finds it.
  std::string Published() {
    return Await<Result<std::vector<metadata::BookieInfo>>>(
               loop_, [this](auto done) { metadata::ListBookies(*store_, std::move(done)); })
        .value()
        .at(0)
        .http;
  }
  std::string Get(const std::string& target) const { return Ask("GET", target); }
  template <typename Condition>
  static bool Eventually(Condition condition) {
    for (int i = 0; i < 1000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  std::string scratch_;
  LogSink sink_ = [](LogLevel, std::string_view) {};
  rpc::AsioLoop loop_{"test"};
  std::shared_ptr<metadata::MemoryTree> tree_ = std::make_shared<metadata::MemoryTree>();
  common::Random random_{1};
  std::unique_ptr<metadata::MemoryStore> store_;
  std::unique_ptr<metadata::LedgerStore> ledgers_;
  DaemonOptions options_;
  std::string http_;
  std::unique_ptr<BookieDaemon> daemon_;
};

// For adds whose outcome does not matter.
struct NoSink final : rpc::AddSink {
  void OnAdd(const rpc::AddTicket& /*ticket*/, Code /*code*/) override {}
};

constexpr auto kOk = "HTTP/1.1 200 OK\r\n";
constexpr auto kUnavailable = "HTTP/1.1 503 Service Unavailable\r\n";

TEST_F(HttpDaemonTest, EveryPageIsThereAndTellsWhatHappened) {
  options_.directories.push_back(scratch_ + "/b");
  Start();
  const std::string id = ToHex(daemon_->bookies()[0]);
  {
    BookieClient client(loop_, daemon_->bookies()[0], daemon_->address());
    for (int i = 0; i < 3; ++i) ASSERT_EQ(client.AddAndWait(1, i), Code::kOk);
    EXPECT_EQ(client.Read(1, {0, 1}).code, Code::kOk);
    EXPECT_THAT(Get("/metrics"), HasSubstr("quire_server_connections 1\n"));
  }
  EXPECT_THAT(Get("/livez"), StartsWith(kOk));
  EXPECT_THAT(Get("/readyz"), StartsWith(kOk));
  const std::string metrics = Get("/metrics");
  const std::string label = "{bookie=\"" + id.substr(0, 8) + "\"";
  EXPECT_THAT(metrics, HasSubstr("quire_bookie_add_entries_total" + label + ",code=\"ok\"} 3\n"));
  EXPECT_THAT(metrics,
              HasSubstr("quire_bookie_read_found_total" + label + ",source=\"cache\"} 2\n"));
  EXPECT_THAT(metrics, HasSubstr("quire_bookie_add_seconds_count" + label + "} 3\n"));
  EXPECT_THAT(metrics, HasSubstr("quire_bookie_journal_sync_seconds_count" + label + "} 3\n"));
  EXPECT_THAT(metrics, HasSubstr("quire_bookie_journal_lsn" + label + "} 3\n"));
  EXPECT_THAT(metrics, HasSubstr("quire_bookie_registered" + label + "} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("quire_bookie_registrations_total" + label + "} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("quire_metadata_connected 1\n"));
  EXPECT_THAT(metrics, Not(HasSubstr("process_resident_memory_bytes 0\n")));
  const std::string status = Get("/status");
  EXPECT_THAT(status, HasSubstr("\"bookie\":\"" + id + "\""));
  EXPECT_THAT(status, HasSubstr("\"directory\":\"" + scratch_ + "/b\""));
  EXPECT_THAT(status, HasSubstr("\"address\":\"" + daemon_->address() + "\""));
  EXPECT_THAT(status, HasSubstr("\"last_lsn\":3,\"durable_lsn\":3,\"stored_lsn\":0,"));
  EXPECT_TRUE(daemon_->Stop());
  EXPECT_EQ(Get("/livez"), "") << "gone with the daemon";
}

TEST_F(HttpDaemonTest, ASessionThatExpiredIsCountedAndSoIsTheRegistrationAfterIt) {
  Start();
  EXPECT_THAT(Get("/metrics"), HasSubstr("quire_metadata_sessions_expired_total 0\n"));
  RunOn(loop_, [this] { store_->ExpireSession(); });
  const std::string label = "{bookie=\"" + ToHex(daemon_->bookies()[0]).substr(0, 8) + "\"}";
  EXPECT_TRUE(Eventually([&] {
    return Get("/metrics").contains("quire_bookie_registrations_total" + label + " 2\n");
  }));
  EXPECT_THAT(Get("/metrics"), HasSubstr("quire_metadata_sessions_expired_total 1\n"));
  EXPECT_THAT(Get("/status"), HasSubstr("\"metadata\":{\"connected\":true,\"disconnected\":0,"
                                        "\"sessions_expired\":1}"));
}

TEST_F(HttpDaemonTest, WithoutHttpThereIsNone) {
  options_.http.reset();
  Start();
  EXPECT_EQ(daemon_->http_address(), "");
  EXPECT_EQ(Published(), "");
}

TEST_F(HttpDaemonTest, TheRegistrationSaysWhereHttpIs) {
  Start();
  EXPECT_EQ(Published(), http_);
  daemon_.reset();
  options_.http->host = "0.0.0.0";
  options_.advertise_host = "bookie-7";
  Start();
  EXPECT_EQ(Published(), "bookie-7" + http_.substr(http_.rfind(':')));
}

TEST_F(HttpDaemonTest, APortThatIsTakenRefusesTheStartBeforeAnyDirectoryIsMade) {
  Start();
  auto options = options_;
  options.directories = {scratch_ + "/b"};
  options.http->port = static_cast<std::uint16_t>(std::stoi(http_.substr(http_.find(':') + 1)));
  const auto second = BookieDaemon::Start(loop_, *store_, options, Log(), {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Errc::kIo);
  EXPECT_THAT(second.error().context(), HasSubstr(http_));
  EXPECT_FALSE(std::filesystem::exists(scratch_ + "/b"));
}

TEST_F(HttpDaemonTest, ReadyEndsWhileTheDiskIsFull) {
  FakeStorage fakes;
  options_.storage = fakes.storage();
  options_.shard.flush_retry = std::chrono::milliseconds(20);
  Start();
  EXPECT_THAT(Get("/readyz"), StartsWith(kOk));
  RunOn(loop_, [&] {
    fakes.store->fail_flushes = common::Error(Errc::kDiskFull, "no room");
    fakes.store->flush_once = true;
  });
  BookieClient client(loop_, daemon_->bookies()[0], daemon_->address());
  const auto unheard = std::make_shared<NoSink>();
  client.Add(1, 0, unheard);  // by which the flush begins
  EXPECT_TRUE(Eventually([&] { return Get("/readyz").starts_with(kUnavailable); }));
  EXPECT_THAT(Get("/readyz"), HasSubstr(scratch_ + "/a: read-only: a flush found the disk full"));
  EXPECT_THAT(Get("/livez"), StartsWith(kOk));
  EXPECT_THAT(Get("/metrics"), HasSubstr("mode=\"read-only\"} 1\n"));
  RunOn(loop_, [&] {
    fakes.store->fail_flushes.reset();
    fakes.journal->MakeAllDurable();
  });
  EXPECT_TRUE(Eventually([&] { return Get("/readyz").starts_with(kOk); }));
  daemon_.reset();
}

TEST_F(HttpDaemonTest, AFailedDirectoryIsNotReady) {
  FakeStorage fakes;
  options_.storage = fakes.storage();
  Start();
  loop_.Post([&fakes] { fakes.journal->events.failed(common::Error(Errc::kIo, "sync")); });
  EXPECT_TRUE(Eventually([&] { return Get("/readyz").starts_with(kUnavailable); }));
  EXPECT_THAT(Get("/readyz"), HasSubstr(scratch_ + "/a: failed: a disk failed"));
  EXPECT_THAT(Ask("POST", "/compaction/run"), StartsWith("HTTP/1.1 409 "));
  daemon_.reset();
}

TEST_F(HttpDaemonTest, AliveButNotReadyDuringTheReplay) {
  std::promise<std::string> at;
  sink_ = [&at, told = false](LogLevel, std::string_view line) mutable {
    if (line.starts_with("HTTP at ") && !std::exchange(told, true)) {
      at.set_value(std::string(line.substr(8)));
    }
  };
  std::promise<void> reached;
  std::promise<void> go_on;
  options_.storage.open_store = [&, open = options_.storage.open_store](
                                    common::Disk& disk, common::Loop& loop, common::Worker& flush,
                                    std::vector<common::Worker*> readers,
                                    const StoreOptions& options) {
    reached.set_value();
    go_on.get_future().wait();
    return open(disk, loop, flush, std::move(readers), options);
  };
  std::thread starting([this] { Start(); });
  http_ = at.get_future().get();
  reached.get_future().wait();
  const std::string live = Get("/livez");
  const std::string ready = Get("/readyz");
  const std::string status = Get("/status");
  const std::string run = Ask("POST", "/compaction/run");
  go_on.set_value();
  starting.join();
  EXPECT_THAT(live, StartsWith(kOk));
  EXPECT_THAT(ready, StartsWith(kUnavailable));
  EXPECT_THAT(ready, HasSubstr(scratch_ + "/a: the daemon is opening its directories"));
  EXPECT_THAT(status, HasSubstr("\"ready\":false"));
  EXPECT_THAT(run, StartsWith("HTTP/1.1 409 "));
  EXPECT_THAT(Get("/readyz"), StartsWith(kOk));
}

TEST_F(HttpDaemonTest, AStuckLoopIsNotAlive) {
  Start();
  std::promise<void> go_on;
  loop_.Post([&go_on] { go_on.get_future().wait(); });
  EXPECT_THAT(Get("/livez"), StartsWith(kUnavailable));
  go_on.set_value();
  EXPECT_TRUE(Eventually([&] { return Get("/livez").starts_with(kOk); }));
}

// Two ledgers in the same segments, of which one is deleted.
TEST_F(HttpDaemonTest, CompactionRunsWhenAskedAndStandsStillWhenPaused) {
  options_.collector.interval = std::chrono::milliseconds(50);
  options_.collector.absence_interval = options_.collector.interval;
  options_.collector.max_drop_percent = 50;  // one of the two
  options_.shard.store.cache_bytes = 64 << 10;
  const protocol::LedgerId kept = CreateLedger();
  const protocol::LedgerId deleted = CreateLedger();
  Start();
  EXPECT_THAT(Ask("POST", "/compaction/pause"), HasSubstr("\"paused\":true"));
  EXPECT_THAT(Ask("POST", "/compaction/run"), HasSubstr("paused; POST /compaction/resume first"));
  {
    BookieClient client(loop_, daemon_->bookies()[0], daemon_->address());
    for (int i = 0; i < 120; ++i) {
      ASSERT_EQ(client.AddAndWait(deleted.value(), i), Code::kOk);
      if (i % 4 == 0) ASSERT_EQ(client.AddAndWait(kept.value(), i), Code::kOk);
    }
  }
  RunOn(loop_, [&] {
    const std::string path = metadata::LedgerStore::Path(deleted);
    EXPECT_TRUE(tree_->Delete(path, tree_->Read(path)->version));
  });
  // 150 entries and the tombstone of the other ledger, all in segments and index.
  EXPECT_TRUE(Eventually([&] { return Get("/status").contains("\"stored_lsn\":151,"); }))
      << Get("/status");
  EXPECT_THAT(Get("/status"), HasSubstr("\"paused\":true,\"rounds\":0,\"copied_bytes\":0,"));
  EXPECT_THAT(Ask("POST", "/compaction/resume"), HasSubstr("\"paused\":false"));
  EXPECT_TRUE(Eventually([&] {
    EXPECT_THAT(Ask("POST", "/compaction/run"), StartsWith(kOk));
    return Get("/status").contains("\"running\":false,\"paused\":false,\"rounds\":1,");
  })) << Get("/status");
  EXPECT_THAT(Get("/status"), Not(HasSubstr("\"copied_bytes\":0,")));
  EXPECT_THAT(Get("/metrics"), HasSubstr("quire_bookie_compaction_rounds_total{"));
}

TEST_F(HttpDaemonTest, H14AFailedDiskStopsItsDirectoryOnlyAndIsReportedEverywhere) {
  std::atomic<bool> fails = false;
  std::unique_ptr<FailingDisk> failing;
  const Storage real = RealStorage();
  options_.directories.push_back(scratch_ + "/b");
  options_.storage.open_journal = [&](common::Disk& disk, common::Loop& loop,
                                      common::Worker& worker, const JournalOptions& options,
                                      Lsn stored, const Journal::Replay& replay,
                                      Journal::Events events) {
    if (!disk.path().starts_with(scratch_ + "/a/")) {
      return real.open_journal(disk, loop, worker, options, stored, replay, std::move(events));
    }
    failing = std::make_unique<FailingDisk>(disk, fails);
    return real.open_journal(*failing, loop, worker, options, stored, replay, std::move(events));
  };
  Start();
  const auto ids = daemon_->bookies();
  BookieClient broken(loop_, ids[0], daemon_->address());
  BookieClient sound(loop_, ids[1], daemon_->address());
  ASSERT_EQ(broken.AddAndWait(1, 0), Code::kOk);
  fails = true;
  EXPECT_EQ(broken.AddAndWait(1, 1), Code::kUnknown);
  EXPECT_EQ(broken.Read(1, {0}).code, Code::kUnknown) << "also what was there before";
  EXPECT_EQ(broken.Read(2, {0}).code, Code::kUnknown) << "and never a denial";
  EXPECT_EQ(sound.AddAndWait(1, 0), Code::kOk);

  EXPECT_TRUE(Eventually([&] { return Get("/status").contains("\"registered\":false"); }));
  EXPECT_THAT(Get("/status"), HasSubstr("\"state\":\"failed\",\"why\":[\"a disk failed"));
  EXPECT_THAT(Get("/readyz"), HasSubstr("/a: failed: a disk failed"));
  EXPECT_THAT(Get("/readyz"), Not(HasSubstr("/b")));
  EXPECT_THAT(Get("/metrics"), HasSubstr("quire_bookie_mode{bookie=\"" +
                                         ToHex(ids[0]).substr(0, 8) + "\",mode=\"failed\"} 1"));
  const auto registered = Await<Result<std::vector<metadata::BookieInfo>>>(
      loop_, [this](auto done) { metadata::ListBookies(*store_, std::move(done)); });
  ASSERT_EQ(registered->size(), 1U);
  EXPECT_EQ(registered->front().bookie, ids[1]);
  daemon_.reset();
}

}  // namespace
}  // namespace quire::bookie
