// Cluster, cookies, registrations and the directory of bookies, on each kind of store.
#include "metadata/registry.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <thread>

#include "tests/metadata/sample_ledger.h"
#include "tests/metadata/store_under_test.h"

namespace quire::metadata {
namespace {

using common::Errc;
using common::Result;
using protocol::BookieId;

class RegistryTest : public ::testing::TestWithParam<const char*> {
 protected:
  RegistryTest() : world_(MakeStoreWorld(GetParam())) {
    bookie_ = world_->Open(loop_);
    client_ = world_->Open(loop_);
    loop_.Run([&] { directory_.emplace(loop_, *client_); });
  }
  ~RegistryTest() override {
    loop_.Run([this] {
      directory_.reset();
      registrations_.clear();
      bookie_.reset();
      client_.reset();
    });
  }

  Result<void> Register(std::uint64_t n, bool writable = true, const std::string& host = "host") {
    return loop_.Await<void>([&](auto done) {
      registrations_.push_back(std::make_unique<Registration>(
          loop_, *bookie_, BookieInfo{SampleBookie(n), host + ":" + std::to_string(n), writable}));
      registrations_.back()->Start(std::move(done));
    });
  }
  std::vector<BookieInfo> List() {
    return loop_
        .Await<std::vector<BookieInfo>>([&](auto done) { ListBookies(*client_, std::move(done)); })
        .value();
  }
  // Polls until the function holds on the loop.
  bool Becomes(const std::function<bool()>& condition) {
    for (int i = 0; i < 2000; ++i) {
      if (loop_.Run(condition)) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  static std::vector<BookieInfo> Infos(std::initializer_list<std::pair<std::uint64_t, bool>> list) {
    std::vector<BookieInfo> infos;
    for (const auto& [n, writable] : list) {
      infos.push_back({SampleBookie(n), "host:" + std::to_string(n), writable});
    }
    return infos;
  }

  testing::ThreadLoop loop_;
  std::unique_ptr<StoreWorld> world_;
  std::unique_ptr<MetadataStore> bookie_;
  std::unique_ptr<MetadataStore> client_;
  std::vector<std::unique_ptr<Registration>> registrations_;
  std::optional<BookieDirectory> directory_;
};

TEST_P(RegistryTest, InitialisesAClusterOnce) {
  const auto read = [&] {
    return loop_.Await<protocol::InstanceId>(
        [&](auto done) { ReadInstance(*client_, std::move(done)); });
  };
  const auto init = [&](protocol::InstanceId id) {
    return loop_.Await<void>([&](auto done) { InitCluster(*client_, id, 1, std::move(done)); });
  };
  EXPECT_EQ(read().error().code(), Errc::kWrongInstance);
  EXPECT_TRUE(read().error().context().contains("quire cluster init"));
  ASSERT_TRUE(init({1, 2}));
  EXPECT_EQ(read().value(), (protocol::InstanceId{1, 2}));
  EXPECT_EQ(init({3, 4}).error().code(), Errc::kNodeExists);
  EXPECT_EQ(read().value(), (protocol::InstanceId{1, 2}));
}

TEST_P(RegistryTest, KeepsOneCookieForABookie) {
  const auto list = [&] {
    return loop_
        .Await<std::vector<Cookie>>([&](auto done) { ListCookies(*client_, std::move(done)); })
        .value();
  };
  const auto create = [&](const Cookie& cookie) {
    return loop_.Await<void>([&](auto done) { CreateCookie(*client_, cookie, std::move(done)); });
  };
  EXPECT_TRUE(list().empty());
  Cookie first{{1, 1}, SampleBookie(2), "host", "/data/a", 5};
  Cookie moved = first;
  moved.directory = "/data/b";
  Cookie second = first;
  second.bookie = SampleBookie(1);
  ASSERT_TRUE(create(first));
  ASSERT_TRUE(create(first));
  EXPECT_EQ(create(moved).error().code(), Errc::kNodeExists);
  ASSERT_TRUE(create(second));
  EXPECT_EQ(list(), (std::vector<Cookie>{second, first}));

  // One of them loses its disk, and another takes its place; saying so twice is no error.
  const auto replace = [&](BookieId by) {
    return loop_.Await<void>(
        [&](auto done) { MarkCookieReplaced(*client_, first.bookie, by, 77, std::move(done)); });
  };
  ASSERT_TRUE(replace(second.bookie));
  ASSERT_TRUE(replace(second.bookie));
  first.replaced_by = second.bookie;
  first.replaced_ms = 77;
  EXPECT_EQ(list(), (std::vector<Cookie>{second, first}));
  EXPECT_EQ(replace(SampleBookie(9)).error().code(), Errc::kBadVersion);
  EXPECT_EQ(list(), (std::vector<Cookie>{second, first}));
}

TEST_P(RegistryTest, ListsManyBookiesSortedById) {
  for (const std::uint64_t n : {3, 1, 2}) ASSERT_TRUE(Register(n, n != 2));
  EXPECT_EQ(List(), Infos({{1, true}, {2, false}, {3, true}}));
}

TEST_P(RegistryTest, EndsARegistrationWithItsObject) {
  ASSERT_TRUE(Register(1));
  loop_.Run([&] { registrations_.clear(); });
  for (int i = 0; i < 200 && !List().empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(List().empty());
}

TEST_P(RegistryTest, MovesBetweenWritableAndReadOnly) {
  ASSERT_TRUE(loop_.Await<void>([&](auto done) { directory_->Start(std::move(done)); }));
  ASSERT_TRUE(Register(1));
  EXPECT_TRUE(Becomes([&] { return directory_->bookies() == Infos({{1, true}}); }));
  // Several changes in a row end at the last.
  loop_.Run([&] {
    registrations_[0]->SetWritable(false);
    registrations_[0]->SetWritable(true);
    registrations_[0]->SetWritable(false);
  });
  EXPECT_TRUE(Becomes([&] { return directory_->bookies() == Infos({{1, false}}); }));
  loop_.Run([&] { registrations_[0]->SetWritable(true); });
  EXPECT_TRUE(Becomes([&] { return directory_->bookies() == Infos({{1, true}}); }));
  EXPECT_TRUE(Becomes([&] { return registrations_[0]->registered(); }));
}

// A process that was killed leaves its node until its session ends; its successor must not lose its
// registration then.
TEST_P(RegistryTest, ReplacesTheNodeOfAnEarlierProcess) {
  auto earlier = world_->Open(loop_);
  for (const bool writable : {true, false}) {
    const BookieInfo old{SampleBookie(1), "old:1", writable};
    ASSERT_TRUE(loop_.Await<Version>([&](auto done) {
      earlier->Create(RegistrationPath(old), EncodeRegistration(old), NodeKind::kEphemeral,
                      std::move(done));
    }));
  }
  ASSERT_TRUE(Register(1));
  EXPECT_EQ(List(), Infos({{1, true}}));
  loop_.Run([&] { earlier.reset(); });
  EXPECT_EQ(List(), Infos({{1, true}}));
}

// T-32
TEST_P(RegistryTest, RegistersAgainInANewSession) {
  ASSERT_TRUE(loop_.Await<void>([&](auto done) { directory_->Start(std::move(done)); }));
  ASSERT_TRUE(Register(1));
  ASSERT_TRUE(Register(2, false));
  world_->Expire(loop_, *bookie_);
  EXPECT_TRUE(Becomes([&] {
    return registrations_[0]->registered() && registrations_[1]->registered() &&
           directory_->bookies() == Infos({{1, true}, {2, false}});
  }));
  // The nodes are of the new session: they stay.
  EXPECT_EQ(List(), Infos({{1, true}, {2, false}}));
}

TEST_P(RegistryTest, ComesBackWhenItsNodeIsRemoved) {
  ASSERT_TRUE(Register(1));
  ASSERT_TRUE(loop_.Await<void>([&](auto done) {
    client_->Delete(RegistrationPath(Infos({{1, true}})[0]), Version{0}, std::move(done));
  }));
  for (int i = 0; i < 500 && List().empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(List(), Infos({{1, true}}));
}

TEST_P(RegistryTest, RemembersAddressesOfBookiesThatWent) {
  ASSERT_TRUE(loop_.Await<void>([&](auto done) { directory_->Start(std::move(done)); }));
  EXPECT_TRUE(directory_->bookies().empty());
  ASSERT_TRUE(Register(1));
  ASSERT_TRUE(loop_.Await<void>([&](auto done) { directory_->Refresh(std::move(done)); }));
  loop_.Run([&] {
    EXPECT_EQ(directory_->AddressOf(SampleBookie(1)), "host:1");
    EXPECT_EQ(directory_->AddressOf(SampleBookie(2)), "");
    registrations_.clear();
  });
  EXPECT_TRUE(Becomes([&] { return directory_->bookies().empty(); }));
  loop_.Run([&] { EXPECT_EQ(directory_->AddressOf(SampleBookie(1)), "host:1"); });
  ASSERT_TRUE(Register(1, true, "elsewhere"));
  EXPECT_TRUE(Becomes([&] { return directory_->AddressOf(SampleBookie(1)) == "elsewhere:1"; }));
}

TEST_P(RegistryTest, FollowsTheBookiesOverTheExpiryOfItsOwnSession) {
  ASSERT_TRUE(loop_.Await<void>([&](auto done) { directory_->Start(std::move(done)); }));
  ASSERT_TRUE(Register(1));
  EXPECT_TRUE(Becomes([&] { return directory_->bookies().size() == 1; }));
  world_->Expire(loop_, *client_);
  ASSERT_TRUE(Register(2));
  EXPECT_TRUE(Becomes([&] { return directory_->bookies() == Infos({{1, true}, {2, true}}); }));
}

TEST_P(RegistryTest, TellsWhoStillWaitsThatItGoes) {
  int ended = 0;
  loop_.Run([&] {
    const auto count = [&](const Result<void>& result) {
      EXPECT_EQ(result.error().code(), Errc::kShutdown);
      ++ended;
    };
    directory_->Start(count);
    directory_->Refresh(count);
    directory_.reset();
    Registration registration(loop_, *bookie_, {SampleBookie(1), "host:1", true});
    registration.Start(count);
  });
  EXPECT_TRUE(Becomes([&] { return ended == 3; }));
}

INSTANTIATE_TEST_SUITE_P(Stores, RegistryTest, ::testing::Values("Memory", "ZooKeeper"),
                         [](const auto& store) { return std::string(store.param); });

}  // namespace
}  // namespace quire::metadata
