// Cluster, cookies, registrations and the directory of bookies, on each kind of store.
#include "metadata/registry.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <thread>
#include <utility>

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
      StartRegistration({SampleBookie(n), host + ":" + std::to_string(n), writable},
                        std::move(done));
    });
  }
  // On the loop.
  void StartRegistration(const BookieInfo& info, MetadataStore::Done done) {
    registrations_.push_back(std::make_unique<Registration>(
        loop_, *bookie_, info,
        [this](const std::string& address) { elsewhere_.push_back(address); }));
    registrations_.back()->Start(std::move(done));
  }
  // As another process would make it, in its own session.
  void MakeNode(MetadataStore& store, const BookieInfo& info) {
    ASSERT_TRUE(loop_.Await<Version>([&](auto done) {
      store.Create(RegistrationPath(info), EncodeRegistration(info), NodeKind::kEphemeral,
                   std::move(done));
    }));
  }
  // Empty: there is no such node.
  std::string AddressAt(const std::string& path) {
    const auto read =
        loop_.Await<Versioned>([&](auto done) { client_->Read(path, std::move(done)); });
    return read ? DecodeRegistration(read->value, true)->address : "";
  }
  bool AddressBecomes(const std::string& path, const std::string& address) {
    for (int i = 0; i < 2000 && AddressAt(path) != address; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return AddressAt(path) == address;
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
  std::vector<std::string> elsewhere_;  // what they told. Loop thread
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
    MakeNode(*earlier, {SampleBookie(1), "host:1", writable, "host:8081"});
  }
  ASSERT_TRUE(Register(1));
  EXPECT_EQ(List(), Infos({{1, true}}));
  loop_.Run([&] { earlier.reset(); });
  EXPECT_EQ(List(), Infos({{1, true}}));
  EXPECT_TRUE(loop_.Run([&] { return elsewhere_.empty(); }));
}

// Whoever has another address may be running. It does not matter which of the two is read-only.
TEST_P(RegistryTest, WaitsForTheEndOfASessionWithAnotherAddress) {
  for (const bool writable : {true, false}) {
    const BookieInfo ours{SampleBookie(writable ? 1 : 2), "host:1", true};
    const BookieInfo theirs{ours.bookie, "elsewhere:1", writable};
    auto other = world_->Open(loop_);
    MakeNode(*other, theirs);
    bool registered = false;
    loop_.Run([&] {
      StartRegistration(ours, [&](const Result<void>& result) { registered = result.has_value(); });
    });
    EXPECT_TRUE(Becomes([&] { return !elsewhere_.empty(); }));
    for (int i = 0; i < 20; ++i) EXPECT_EQ(AddressAt(RegistrationPath(theirs)), "elsewhere:1");
    EXPECT_TRUE(AddressBecomes(RegistrationPath(ours), writable ? "elsewhere:1" : ""));
    loop_.Run([&] {
      EXPECT_FALSE(registered || registrations_.back()->registered());
      other.reset();
    });
    EXPECT_TRUE(Becomes([&] { return registered; }));
    EXPECT_EQ(AddressAt(RegistrationPath(ours)), "host:1");
    loop_.Run([&] {
      EXPECT_EQ(std::exchange(elsewhere_, {}), std::vector<std::string>{"elsewhere:1"}) << "once";
    });
  }
}

// What a later version has written may be anybody's.
TEST_P(RegistryTest, WaitsForTheEndOfASessionWhoseAddressCannotBeRead) {
  const std::string path = RegistrationPath({SampleBookie(1), "host:1", true});
  ASSERT_TRUE(loop_.Await<Version>([&](auto done) {
    client_->Create(path, "something", NodeKind::kEphemeral, std::move(done));
  }));
  bool registered = false;
  loop_.Run([&] {
    StartRegistration({SampleBookie(1), "host:1", true},
                      [&](const Result<void>& result) { registered = result.has_value(); });
  });
  EXPECT_TRUE(Becomes([&] { return !elsewhere_.empty(); }));
  EXPECT_EQ(loop_.Await<Versioned>([&](auto done) { client_->Read(path, std::move(done)); })->value,
            "something");
  loop_.Run([&] { client_.reset(); });
  EXPECT_TRUE(Becomes([&] { return registered; }));
}

// A copy that waited has got it: the one who had it neither takes it back nor stays beside it.
TEST_P(RegistryTest, NeverTakesBackWhatAnotherAddressHas) {
  for (const bool same_directory : {true, false}) {
    const std::uint64_t n = same_directory ? 1 : 2;
    ASSERT_TRUE(Register(n));
    ASSERT_TRUE(Register(3, false));  // so that both directories are there
    const std::string our_path = RegistrationPath({SampleBookie(n), "", true});
    const BookieInfo theirs{SampleBookie(n), "elsewhere:1", same_directory};
    // Persistent, as an ephemeral node cannot be made in one step with something else.
    std::vector<Op> ops;
    if (same_directory) ops.push_back({Op::Kind::kDelete, our_path, "", Version{0}});
    ops.push_back({Op::Kind::kCreate, RegistrationPath(theirs), EncodeRegistration(theirs), {}});
    ASSERT_TRUE(loop_.Await<void>([&](auto done) { client_->Multi(ops, std::move(done)); }));
    Registration& ours = *registrations_[registrations_.size() - 2];
    loop_.Run([&] { ours.SetWritable(same_directory); });
    EXPECT_TRUE(Becomes([&] { return !elsewhere_.empty(); }));
    EXPECT_TRUE(AddressBecomes(our_path, same_directory ? "elsewhere:1" : ""));
    EXPECT_EQ(AddressAt(RegistrationPath(theirs)), "elsewhere:1");
    EXPECT_FALSE(loop_.Run([&] { return ours.registered(); }));
    ASSERT_TRUE(loop_.Await<void>([&](auto done) {
      client_->Delete(RegistrationPath(theirs), Version{0}, std::move(done));
    }));
    EXPECT_TRUE(Becomes([&] { return ours.registered(); }));
    EXPECT_EQ(AddressAt(RegistrationPath(theirs)), "host:" + std::to_string(n));
    loop_.Run([&] {
      EXPECT_EQ(std::exchange(elsewhere_, {}), std::vector<std::string>{"elsewhere:1"}) << "once";
      registrations_.clear();
    });
  }
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
    Registration registration(loop_, *bookie_, {SampleBookie(1), "host:1", true}, {});
    registration.Start(count);
  });
  EXPECT_TRUE(Becomes([&] { return ended == 3; }));
}

INSTANTIATE_TEST_SUITE_P(Stores, RegistryTest, ::testing::Values("Memory", "ZooKeeper"),
                         [](const auto& store) { return std::string(store.param); });

}  // namespace
}  // namespace quire::metadata
