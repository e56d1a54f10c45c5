#include "bookie/metadata_session.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "bookie/loop_call.h"
#include "metadata/memory_store.h"
#include "metadata/registry.h"
#include "metadata/session_listeners.h"

namespace quire::bookie {
namespace {

using common::Errc;
using common::Fail;
using common::Result;
using metadata::MemoryStore;
using metadata::SessionEvent;
using protocol::InstanceId;

// A store that is away or there as the test says, and tells what the test says of its session.
class StoreOnTheBrink final : public metadata::MetadataStore {
 public:
  explicit StoreOnTheBrink(MemoryStore& under) : under_(under) {}

  void Read(std::string path, ReadDone done) override {
    if (away) return done(Fail(Errc::kMetadataUnavailable, "away"));
    under_.Read(std::move(path), std::move(done));
  }
  WatchHandle OnSession(common::Callback<SessionEvent> event) override {
    return listeners.Add(std::move(event));
  }
  void Create(std::string, std::string, metadata::NodeKind, VersionDone) override {}
  void CompareAndSet(std::string, std::string, metadata::Version, VersionDone) override {}
  void Delete(std::string, metadata::Version, Done) override {}
  void Multi(std::vector<metadata::Op>, Done) override {}
  void List(std::string, std::string, std::size_t, ListDone) override {}
  WatchHandle Watch(std::string, common::Task) override { return nullptr; }
  WatchHandle WatchChildren(std::string, common::Task) override { return nullptr; }

  metadata::SessionListeners listeners;
  bool away = false;

 private:
  MemoryStore& under_;
};

class MetadataSessionTest : public ::testing::Test {
 protected:
  MetadataSessionTest() {
    RunOn(loop_, [this] {
      memory_.emplace(loop_, std::make_shared<metadata::MemoryTree>());
      store_.emplace(*memory_);
      session_.emplace(loop_, *store_);
    });
    const auto made = Await<Result<void>>(loop_, [this](auto done) {
      metadata::InitCluster(*memory_, kInstance, 1, std::move(done));
    });
    EXPECT_TRUE(made);
  }
  ~MetadataSessionTest() override {
    RunOn(loop_, [this] {
      session_.reset();
      store_.reset();
      memory_.reset();
    });
  }

  Result<InstanceId> AwaitInstance(std::function<bool()> interrupted = {}) {
    return session_->AwaitInstance(common::Duration::zero(), interrupted, Log());
  }
  SessionStats Stats() {
    return RunOn(loop_, [this] { return session_->stats(); });
  }
  void Tell(SessionEvent event) {
    RunOn(loop_, [this, event] { store_->listeners.Notify(event); });
  }

  static constexpr InstanceId kInstance{.high = 1, .low = 2};
  rpc::AsioLoop loop_{"metadata"};
  std::optional<MemoryStore> memory_;
  std::optional<StoreOnTheBrink> store_;
  std::optional<MetadataSession> session_;
};

TEST_F(MetadataSessionTest, AnAnswerMeansThatItIsConnected) {
  store_->away = true;
  EXPECT_EQ(AwaitInstance().error().code(), Errc::kMetadataUnavailable);
  EXPECT_EQ(AwaitInstance([] { return true; }).error().code(), Errc::kShutdown);
  EXPECT_FALSE(Stats().connected);
  store_->away = false;
  EXPECT_EQ(AwaitInstance().value(), kInstance);
  EXPECT_TRUE(Stats().connected) << "it was connected before anybody listened";
}

TEST_F(MetadataSessionTest, CountsWhatHappensToTheSession) {
  Tell(SessionEvent::kConnected);
  EXPECT_TRUE(Stats().connected);
  Tell(SessionEvent::kDisconnected);
  EXPECT_FALSE(Stats().connected);
  Tell(SessionEvent::kConnected);
  EXPECT_EQ(Stats().disconnected, 1U);
  EXPECT_EQ(Stats().expired, 0U) << "the session went on";
  Tell(SessionEvent::kDisconnected);
  Tell(SessionEvent::kNewSession);
  EXPECT_TRUE(Stats().connected);
  EXPECT_EQ(Stats().disconnected, 2U);
  EXPECT_EQ(Stats().expired, 1U);
}

}  // namespace
}  // namespace quire::bookie
