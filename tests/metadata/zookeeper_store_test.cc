// What only a store behind a network has to do: outages of a real ZooKeeper server.
#include "metadata/zookeeper_store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "tests/metadata/store_under_test.h"

namespace quire::metadata {
namespace {

using common::Errc;
using common::Result;
using std::chrono::milliseconds;
using std::chrono::seconds;

class ZookeeperStoreTest : public ::testing::Test {
 protected:
  ~ZookeeperStoreTest() override {
    loop_.Run([this] {
      events_.reset();
      store_.reset();
    });
  }

  void Open(const std::string& uri, ZookeeperOptions options) {
    loop_.Run([&] {
      store_ = ZookeeperStore::Open(loop_, uri, options).value();
      events_ = store_->OnSession([this](SessionEvent event) {
        if (event == SessionEvent::kNewSession) ++new_sessions_;
        if (event == SessionEvent::kDisconnected) ++disconnects_;
      });
    });
  }
  static ZookeeperOptions Quick() {
    ZookeeperOptions options;
    options.session_timeout = seconds(1);
    options.connect_timeout = milliseconds(300);
    options.call_timeout = seconds(3);
    return options;
  }
  // For calls that are to succeed once the server is back.
  static ZookeeperOptions Patient() {
    ZookeeperOptions options;
    options.session_timeout = seconds(8);
    options.connect_timeout = seconds(20);
    options.call_timeout = seconds(20);
    return options;
  }
  Result<Version> Create(const std::string& path, NodeKind kind = NodeKind::kPersistent) {
    return loop_.Await<Version>(
        [&](auto done) { store_->Create(path, "0", kind, std::move(done)); });
  }
  Result<Versioned> Read(const std::string& path) {
    return loop_.Await<Versioned>([&](auto done) { store_->Read(path, std::move(done)); });
  }
  template <typename F>
  static bool Becomes(F condition) {
    for (int i = 0; i < 3000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(milliseconds(10));
    }
    return false;
  }

  testing::ThreadLoop loop_;
  std::unique_ptr<ZookeeperStore> store_;
  MetadataStore::WatchHandle events_;
  std::atomic<int> new_sessions_ = 0;
  std::atomic<int> disconnects_ = 0;
};

TEST_F(ZookeeperStoreTest, SaysInTimeThatNoServerIsThere) {
  Open("zk://127.0.0.1:1,127.0.0.1:2/quire", Quick());
  const auto start = std::chrono::steady_clock::now();
  const auto read = Read("/x");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), Errc::kMetadataUnavailable);
  EXPECT_EQ(read.error().context(),
            "ZooKeeper at 127.0.0.1:1,127.0.0.1:2 does not answer; is it running?");
  // A write that was never sent is not ambiguous.
  EXPECT_EQ(Create("/x").error().code(), Errc::kMetadataUnavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(5));
  loop_.Run([&] { EXPECT_FALSE(store_->Connected()); });
}

TEST_F(ZookeeperStoreTest, SaysInTimeThatAHostHasNoAddress) {
  Open("zk://no-such-host.invalid:2181/quire", Quick());
  EXPECT_EQ(Read("/x").error().code(), Errc::kMetadataUnavailable);
}

TEST_F(ZookeeperStoreTest, RefusesAnAddressItDoesNotUnderstand) {
  loop_.Run([&] {
    const auto store = ZookeeperStore::Open(loop_, "mem://", {});
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code(), Errc::kInvalidArgument);
  });
}

TEST_F(ZookeeperStoreTest, RefusesCallsOverItsBound) {
  ZookeeperOptions options = Quick();
  options.max_calls = 2;
  Open("zk://127.0.0.1:1/quire", options);
  std::promise<std::string> third;
  loop_.Run([&] {
    store_->Read("/x", [](const Result<Versioned>&) {});
    store_->Read("/x", [](const Result<Versioned>&) {});
    store_->Read("/x", [&](const Result<Versioned>& read) {
      EXPECT_EQ(read.error().code(), Errc::kMetadataUnavailable);
      third.set_value(read.error().context());
    });
  });
  EXPECT_EQ(third.get_future().get(), "more than 2 metadata calls are under way");
}

TEST_F(ZookeeperStoreTest, EndsEveryCallWhenTheServerDiesAndWorksWhenItIsBack) {
  testing::ZookeeperServer server;
  Open(server.uri("q"), Patient());
  ASSERT_TRUE(Create("/counter"));
  const std::string path = "/counter";
  bool hinted = false;
  auto watch = loop_.Run([&] { return store_->Watch(path, [&] { hinted = true; }); });
  ASSERT_TRUE(Read(path));

  // Stopped, it takes requests that it never answers; then it dies.
  server.Stop();
  std::atomic<int> ambiguous = 0;
  std::atomic<int> unavailable = 0;
  std::atomic<int> other = 0;
  const auto count = [&](const auto& result) {
    const Errc code = result ? Errc{} : result.error().code();
    ++(code == Errc::kAmbiguous             ? ambiguous
       : code == Errc::kMetadataUnavailable ? unavailable
                                            : other);
  };
  constexpr int kCalls = 20;
  loop_.Run([&] {
    for (int i = 0; i < kCalls; ++i) {
      store_->CompareAndSet(path, "1", Version{0}, count);
      store_->Create("/new-" + std::to_string(i), "", NodeKind::kPersistent, count);
      store_->Delete("/none", Version{0}, count);
      store_->Multi({{Op::Kind::kCreate, "/m-" + std::to_string(i), "", {}}}, count);
      store_->Read(path, count);
      store_->List("/", "", 10, count);
    }
  });
  server.Kill();
  EXPECT_TRUE(Becomes([&] { return ambiguous + unavailable == 6 * kCalls; }))
      << ambiguous << " " << unavailable << " " << other;
  EXPECT_EQ(ambiguous, 4 * kCalls);    // the writes
  EXPECT_EQ(unavailable, 2 * kCalls);  // the reads
  EXPECT_EQ(other, 0);
  EXPECT_TRUE(Becomes([&] { return disconnects_ > 0; }));

  // What comes now waits for the server; and so does the watch, over the reconnection.
  std::atomic<bool> read = false;
  loop_.Run([&] { store_->Read(path, [&](const Result<Versioned>& r) { read = r.has_value(); }); });
  server.Restart();
  EXPECT_TRUE(Becomes([&] { return read.load(); }));
  const auto now = Read(path);
  ASSERT_TRUE(now);
  ASSERT_TRUE(loop_.Await<Version>(
      [&](auto done) { store_->CompareAndSet(path, "2", now->version, std::move(done)); }));
  EXPECT_TRUE(Becomes([&] { return loop_.Run([&] { return hinted; }); }));
  loop_.Run([&] { watch.reset(); });
}

// T-32: a server that wakes up either ends the session or lets the client take it up again, as the
// race may go; both must be told truly. (StoreConformanceTest has an expiry for certain.)
TEST_F(ZookeeperStoreTest, ServesAgainAfterTheServerHungForLongerThanTheSession) {
  testing::ZookeeperServer server;
  ZookeeperOptions options = Quick();
  options.connect_timeout = seconds(3);
  Open(server.uri("q"), options);
  ASSERT_TRUE(Create("/live", NodeKind::kEphemeral));
  std::atomic<bool> hinted = false;
  auto watch = loop_.Run([&] { return store_->Watch("/live", [&] { hinted = true; }); });
  ASSERT_TRUE(Read("/live"));
  const int before = new_sessions_;
  server.Stop();
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(Read("/live").error().code(), Errc::kMetadataUnavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(4));
  EXPECT_TRUE(Becomes([&] { return disconnects_ > 0; }));
  std::this_thread::sleep_until(start + seconds(3));  // the server's clock is what has to pass
  server.Cont();
  Result<Versioned> read = Read("/live");
  EXPECT_TRUE(Becomes([&] {
    read = Read("/live");
    return read || read.error().code() == Errc::kNoNode;
  }));
  if (!read) {
    EXPECT_TRUE(Becomes([&] { return new_sessions_ > before; }));
    EXPECT_TRUE(Becomes([&] { return hinted.load(); }));
    EXPECT_TRUE(Create("/live", NodeKind::kEphemeral));
  }
  EXPECT_TRUE(Becomes([&] { return Create("/after").has_value(); }));
  loop_.Run([&] { watch.reset(); });
}

TEST_F(ZookeeperStoreTest, EndsQuicklyWhileTheServerHangs) {
  testing::ZookeeperServer server;
  Open(server.uri("q"), Quick());
  ASSERT_TRUE(Create("/x"));
  server.Stop();
  const auto start = std::chrono::steady_clock::now();
  loop_.Run([&] {
    store_->CompareAndSet("/x", "", Version{0}, [](const Result<Version>&) { FAIL(); });
    events_.reset();
    store_.reset();
  });
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(4));
}

}  // namespace
}  // namespace quire::metadata
