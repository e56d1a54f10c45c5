// What every MetadataStore does, asked of both: in memory and against a real ZooKeeper server.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>

#include "tests/metadata/store_under_test.h"

namespace quire::metadata {
namespace {

using common::Errc;
using common::Result;

class StoreConformanceTest : public ::testing::TestWithParam<const char*> {
 protected:
  StoreConformanceTest() : world_(MakeStoreWorld(GetParam())) {
    a_ = world_->Open(loop_);
    b_ = world_->Open(loop_);
  }
  ~StoreConformanceTest() override {
    loop_.Run([this] {
      watch_.reset();
      a_.reset();
      b_.reset();
    });
  }

  Result<Version> Create(const std::string& path, const std::string& value = "",
                         NodeKind kind = NodeKind::kPersistent) {
    return loop_.Await<Version>([&](auto done) { a_->Create(path, value, kind, std::move(done)); });
  }
  Result<Versioned> Read(const std::string& path) { return ReadFrom(*a_, path); }
  Result<Versioned> ReadFrom(MetadataStore& store, const std::string& path) {
    return loop_.Await<Versioned>([&](auto done) { store.Read(path, std::move(done)); });
  }
  Result<Version> Set(const std::string& path, const std::string& value, int version) {
    return loop_.Await<Version>(
        [&](auto done) { a_->CompareAndSet(path, value, Version{version}, std::move(done)); });
  }
  Result<void> Delete(const std::string& path, int version) {
    return loop_.Await<void>(
        [&](auto done) { a_->Delete(path, Version{version}, std::move(done)); });
  }
  Result<void> Multi(std::vector<Op> ops) {
    return loop_.Await<void>([&](auto done) { a_->Multi(std::move(ops), std::move(done)); });
  }
  Result<std::vector<std::string>> List(const std::string& path, const std::string& after = "",
                                        std::size_t limit = 100) {
    return loop_.Await<std::vector<std::string>>(
        [&](auto done) { a_->List(path, after, limit, std::move(done)); });
  }
  // Watches from `a_`; the future is ready when the hint came.
  std::future<void> Watch(const std::string& path, bool children) {
    auto promise = std::make_shared<std::promise<void>>();
    auto hinted = promise->get_future();
    loop_.Run([&] {
      const auto changed = [promise] { promise->set_value(); };
      watch_ = children ? a_->WatchChildren(path, changed) : a_->Watch(path, changed);
    });
    // Watch first, read second.
    (void)Read(path);
    return hinted;
  }
  template <typename T>
  static Errc CodeOf(const Result<T>& result) {
    return result ? Errc{} : result.error().code();
  }
  static bool Comes(const std::future<void>& hint) {
    return hint.wait_for(std::chrono::seconds(20)) == std::future_status::ready;
  }
  static bool HasCome(const std::future<void>& hint) {
    return hint.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }

  testing::ThreadLoop loop_;
  std::unique_ptr<StoreWorld> world_;
  std::unique_ptr<MetadataStore> a_;  // two sessions
  std::unique_ptr<MetadataStore> b_;
  MetadataStore::WatchHandle watch_;
};

TEST_P(StoreConformanceTest, CreatesExclusivelyWithParents) {
  EXPECT_EQ(CodeOf(List("/")), Errc::kNoNode);
  EXPECT_EQ(CodeOf(Read("/x/y/z")), Errc::kNoNode);
  EXPECT_EQ(Create("/x/y/z", "first").value(), Version{0});
  EXPECT_EQ(CodeOf(Create("/x/y/z", "second")), Errc::kNodeExists);
  EXPECT_EQ(Read("/x/y/z")->value, "first");
  EXPECT_EQ(Read("/x/y")->value, "");
  EXPECT_EQ(*List("/"), std::vector<std::string>{"x"});
}

TEST_P(StoreConformanceTest, KeepsAnyBytes) {
  std::string bytes(256, '\0');
  for (int i = 0; i < 256; ++i) bytes[static_cast<std::size_t>(i)] = static_cast<char>(i);
  ASSERT_TRUE(Create("/bytes", bytes));
  EXPECT_EQ(Read("/bytes")->value, bytes);
  ASSERT_TRUE(Set("/bytes", "", 0));
  EXPECT_EQ(Read("/bytes")->value, "");
}

TEST_P(StoreConformanceTest, SwapsOnlyTheExpectedVersion) {
  ASSERT_TRUE(Create("/v", "0"));
  EXPECT_EQ(Set("/v", "1", 0).value(), Version{1});
  EXPECT_EQ(Set("/v", "2", 1).value(), Version{2});
  EXPECT_EQ(CodeOf(Set("/v", "lost", 1)), Errc::kBadVersion);
  EXPECT_EQ(CodeOf(Set("/v", "lost", 3)), Errc::kBadVersion);
  EXPECT_EQ(CodeOf(Set("/nowhere", "", 0)), Errc::kNoNode);
  EXPECT_EQ(Read("/v")->value, "2");
  EXPECT_EQ(Read("/v")->version, Version{2});
}

TEST_P(StoreConformanceTest, LetsOneOfManySwapsWin) {
  ASSERT_TRUE(Create("/race"));
  constexpr int kRacers = 20;
  std::promise<void> all;
  int won = 0;
  int lost = 0;
  loop_.Run([&] {
    for (int i = 0; i < kRacers; ++i) {
      (i % 2 == 0 ? a_ : b_)
          ->CompareAndSet("/race", std::to_string(i), Version{0}, [&](Result<Version> result) {
            won += result ? 1 : 0;
            lost += CodeOf(result) == Errc::kBadVersion ? 1 : 0;
            if (won + lost == kRacers) all.set_value();
          });
    }
  });
  ASSERT_TRUE(Comes(all.get_future()));
  EXPECT_EQ(won, 1);
}

TEST_P(StoreConformanceTest, LetsOneOfManyCreatesWin) {
  constexpr int kRacers = 20;
  std::promise<void> all;
  int won = 0;
  int lost = 0;
  loop_.Run([&] {
    for (int i = 0; i < kRacers; ++i) {
      (i % 2 == 0 ? a_ : b_)
          ->Create("/p/q/race", "", NodeKind::kPersistent, [&](Result<Version> result) {
            won += result ? 1 : 0;
            lost += CodeOf(result) == Errc::kNodeExists ? 1 : 0;
            if (won + lost == kRacers) all.set_value();
          });
    }
  });
  ASSERT_TRUE(Comes(all.get_future()));
  EXPECT_EQ(won, 1);
}

TEST_P(StoreConformanceTest, DeletesOnlyTheExpectedVersionWithoutChildren) {
  ASSERT_TRUE(Create("/d/child"));
  EXPECT_EQ(CodeOf(Delete("/d", 0)), Errc::kNotEmpty);
  EXPECT_EQ(CodeOf(Delete("/d/child", 1)), Errc::kBadVersion);
  ASSERT_TRUE(Delete("/d/child", 0));
  EXPECT_EQ(CodeOf(Delete("/d/child", 0)), Errc::kNoNode);
  ASSERT_TRUE(Delete("/d", 0));
  EXPECT_EQ(CodeOf(Read("/d")), Errc::kNoNode);
  // Versions begin anew: who compares them must know the incarnation too (T-31).
  EXPECT_EQ(Create("/d").value(), Version{0});
}

TEST_P(StoreConformanceTest, AppliesAGroupWholeOrNotAtAll) {
  using enum Op::Kind;
  ASSERT_TRUE(Create("/m/old", "old"));
  ASSERT_TRUE(Create("/m/gone"));
  ASSERT_TRUE(Multi({{kCheck, "/m/gone", "", Version{0}},
                     {kCreate, "/m/new", "new", {}},
                     {kCompareAndSet, "/m/old", "changed", Version{0}},
                     {kDelete, "/m/gone", "", Version{0}},
                     {kCompareAndSet, "/m/new", "newer", Version{0}}}));
  EXPECT_EQ(Read("/m/new")->value, "newer");
  EXPECT_EQ(Read("/m/new")->version, Version{1});
  EXPECT_EQ(Read("/m/old")->value, "changed");
  EXPECT_EQ(*List("/m"), (std::vector<std::string>{"new", "old"}));

  const std::vector<std::pair<Op, Errc>> failing = {
      {{kCompareAndSet, "/m/old", "", Version{0}}, Errc::kBadVersion},
      {{kCheck, "/m/old", "", Version{0}}, Errc::kBadVersion},
      {{kCheck, "/m/none", "", Version{0}}, Errc::kNoNode},
      {{kCreate, "/m/old", "", {}}, Errc::kNodeExists},
      {{kCreate, "/m/none/below", "", {}}, Errc::kNoNode},  // no parents are made here
      {{kDelete, "/m/none", "", Version{0}}, Errc::kNoNode},
      {{kDelete, "/m", "", Version{0}}, Errc::kNotEmpty},
  };
  for (const auto& [op, code] : failing) {
    const auto result = Multi({{kCreate, "/m/x", "", {}},
                               {kCompareAndSet, "/m/old", "bad", Version{1}},
                               {kDelete, "/m/new", "", Version{1}},
                               op,
                               {kDelete, "/m/nothing", "", Version{0}}});
    EXPECT_EQ(CodeOf(result), code == Errc::kBadVersion ? Errc::kBadVersion : code) << op.path;
    EXPECT_EQ(*List("/m"), (std::vector<std::string>{"new", "old"}));
    EXPECT_EQ(Read("/m/old")->version, Version{1});
  }
  EXPECT_TRUE(Multi({}));
}

TEST_P(StoreConformanceTest, ListsSortedPages) {
  const std::vector<std::string> names = {"a", "aa", "b", "c0", "c1", "z"};
  for (const auto i : {3, 0, 5, 1, 4, 2}) {
    ASSERT_TRUE(Create("/list/" + names[static_cast<std::size_t>(i)] + "/below"));
  }
  EXPECT_EQ(*List("/list"), names);
  EXPECT_EQ(*List("/list", "", 2), (std::vector<std::string>{"a", "aa"}));
  EXPECT_EQ(*List("/list", "aa", 2), (std::vector<std::string>{"b", "c0"}));
  EXPECT_EQ(*List("/list", "bb", 9), (std::vector<std::string>{"c0", "c1", "z"}));
  EXPECT_TRUE(List("/list", "z", 9)->empty());
  EXPECT_TRUE(List("/list/a/below")->empty());
  EXPECT_EQ(CodeOf(List("/none")), Errc::kNoNode);
}

TEST_P(StoreConformanceTest, RefusesWhatCanNeverWork) {
  for (const char* path : {"", "x", "x/y", "//", "/x/", "/x//y", "/x/../y", "/.", "/\n"}) {
    EXPECT_EQ(CodeOf(Create(path)), Errc::kInvalidArgument) << path;
    EXPECT_EQ(CodeOf(Read(path)), Errc::kInvalidArgument) << path;
    EXPECT_EQ(CodeOf(List(path)), Errc::kInvalidArgument) << path;
  }
  EXPECT_EQ(CodeOf(Create("/")), Errc::kInvalidArgument);
  ASSERT_TRUE(Create("/node", "kept"));
  // T-31: there is no "any version".
  EXPECT_EQ(CodeOf(Set("/node", "", -1)), Errc::kInvalidArgument);
  EXPECT_EQ(CodeOf(Delete("/node", -1)), Errc::kInvalidArgument);
  EXPECT_EQ(CodeOf(Multi({{Op::Kind::kDelete, "/node", "", Version{-1}}})), Errc::kInvalidArgument);
  EXPECT_EQ(Read("/node")->value, "kept");
}

TEST_P(StoreConformanceTest, TakesValuesUpToTheBound) {
  const std::string largest(kMaxValueBytes, 'x');
  ASSERT_TRUE(Create("/large", largest));
  EXPECT_EQ(Read("/large")->value, largest);
  EXPECT_EQ(CodeOf(Create("/larger", largest + "x")), Errc::kInvalidArgument);
  EXPECT_EQ(CodeOf(Set("/large", largest + "x", 0)), Errc::kInvalidArgument);
  EXPECT_EQ(CodeOf(Multi({{Op::Kind::kCompareAndSet, "/large", largest, Version{0}},
                          {Op::Kind::kCreate, "/larger", "x", {}}})),
            Errc::kInvalidArgument);
}

TEST_P(StoreConformanceTest, ReadsWhatAnotherSessionHasWritten) {
  ASSERT_TRUE(Create("/shared", "0"));
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(Set("/shared", std::to_string(i + 1), i));
    EXPECT_EQ(ReadFrom(*b_, "/shared")->value, std::to_string(i + 1));
  }
}

TEST_P(StoreConformanceTest, HintsAtAChangedValue) {
  ASSERT_TRUE(Create("/w/x"));
  const auto hint = Watch("/w/x", false);
  ASSERT_TRUE(Create("/w/x/child"));
  ASSERT_TRUE(Create("/w/y"));
  EXPECT_FALSE(HasCome(hint));
  ASSERT_TRUE(Set("/w/x", "new", 0));
  EXPECT_TRUE(Comes(hint));
  ASSERT_TRUE(Set("/w/x", "newer", 1));  // called a second time, the promise would throw
  ASSERT_TRUE(Read("/w/x"));
}

TEST_P(StoreConformanceTest, HintsAtCreationAndDeletion) {
  const auto created = Watch("/w/x", false);
  ASSERT_TRUE(Create("/w/x"));
  EXPECT_TRUE(Comes(created));
  const auto deleted = Watch("/w/x", false);
  ASSERT_TRUE(Delete("/w/x", 0));
  EXPECT_TRUE(Comes(deleted));
}

TEST_P(StoreConformanceTest, HintsAtChangedChildren) {
  const auto born = Watch("/family", true);
  ASSERT_TRUE(Create("/family"));
  EXPECT_TRUE(Comes(born));
  const auto more = Watch("/family", true);
  EXPECT_FALSE(HasCome(more));
  ASSERT_TRUE(Create("/family/child"));
  EXPECT_TRUE(Comes(more));
  const auto fewer = Watch("/family", true);
  ASSERT_TRUE(Delete("/family/child", 0));
  EXPECT_TRUE(Comes(fewer));
  const auto gone = Watch("/family", true);
  ASSERT_TRUE(Delete("/family", 0));
  EXPECT_TRUE(Comes(gone));
}

TEST_P(StoreConformanceTest, CallsEveryWatchOnceAndNoneThatWasDropped) {
  ASSERT_TRUE(Create("/w/x"));
  std::atomic<int> calls = 0;
  std::atomic<int> dropped = 0;
  std::vector<MetadataStore::WatchHandle> handles;
  loop_.Run([&] {
    for (int i = 0; i < 3; ++i) handles.push_back(a_->Watch("/w/x", [&] { ++calls; }));
    auto handle = a_->Watch("/w/x", [&] { ++dropped; });
  });
  ASSERT_TRUE(Read("/w/x"));
  const auto hint = Watch("/w/x", false);
  ASSERT_TRUE(Set("/w/x", "1", 0));
  ASSERT_TRUE(Comes(hint));
  ASSERT_TRUE(Set("/w/x", "2", 1));
  ASSERT_TRUE(Read("/w/x"));
  loop_.Run([&] { handles.clear(); });
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(dropped, 0);
}

TEST_P(StoreConformanceTest, RemovesEphemeralNodesWithTheirSession) {
  ASSERT_TRUE(loop_.Await<Version>(
      [&](auto done) { b_->Create("/live/b", "here", NodeKind::kEphemeral, std::move(done)); }));
  ASSERT_TRUE(Create("/live/a", "", NodeKind::kEphemeral));
  EXPECT_EQ(Read("/live/b")->value, "here");
  EXPECT_EQ(CodeOf(Create("/live/b/child")), Errc::kInvalidArgument);
  const auto hint = Watch("/live", true);
  loop_.Run([&] { b_.reset(); });
  EXPECT_TRUE(Comes(hint));
  EXPECT_EQ(*List("/live"), std::vector<std::string>{"a"});
  EXPECT_EQ(CodeOf(Read("/live/b")), Errc::kNoNode);
}

// T-32
TEST_P(StoreConformanceTest, SurvivesTheExpiryOfItsSession) {
  ASSERT_TRUE(Create("/kept", "value"));
  ASSERT_TRUE(Create("/live/a", "", NodeKind::kEphemeral));
  std::promise<void> renewed;
  const auto events = loop_.Run([&] {
    return a_->OnSession([&](SessionEvent event) {
      if (event == SessionEvent::kNewSession) renewed.set_value();
    });
  });
  const auto hint = Watch("/kept", false);
  world_->Expire(loop_, *a_);
  EXPECT_TRUE(Comes(renewed.get_future()));
  EXPECT_TRUE(Comes(hint));
  EXPECT_EQ(Read("/kept")->value, "value");
  EXPECT_EQ(CodeOf(Read("/live/a")), Errc::kNoNode);
  ASSERT_TRUE(Create("/live/a", "", NodeKind::kEphemeral));
  const auto next = Watch("/kept", false);
  ASSERT_TRUE(Set("/kept", "new", 0));
  EXPECT_TRUE(Comes(next));
}

TEST_P(StoreConformanceTest, CallsNothingAfterItsEnd) {
  ASSERT_TRUE(Create("/end"));
  std::atomic<int> calls = 0;
  MetadataStore::WatchHandle watch;
  MetadataStore::WatchHandle events;
  loop_.Run([&] {
    watch = a_->Watch("/end", [&] { ++calls; });
    events = a_->OnSession([&](SessionEvent) { ++calls; });
    a_->Read("/end", [&](const Result<Versioned>&) { ++calls; });
    a_->CompareAndSet("/end", "x", Version{0}, [&](const Result<Version>&) { ++calls; });
    a_->Read("bad path", [&](const Result<Versioned>&) { ++calls; });
    a_.reset();
  });
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(ReadFrom(*b_, "/end"));
  EXPECT_EQ(calls, 0);
  loop_.Run([&] {
    watch.reset();
    events.reset();
  });
}

TEST_P(StoreConformanceTest, CompletesInALaterTurn) {
  std::promise<void> done;
  bool in_call = false;
  loop_.Run([&] {
    in_call = true;
    a_->Read("/none", [&](const Result<Versioned>&) {
      EXPECT_FALSE(in_call);
      done.set_value();
    });
    a_->Read("bad", [&](const Result<Versioned>&) { EXPECT_FALSE(in_call); });
    in_call = false;
  });
  EXPECT_TRUE(Comes(done.get_future()));
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreConformanceTest, ::testing::Values("Memory", "ZooKeeper"),
                         [](const auto& store) { return std::string(store.param); });

}  // namespace
}  // namespace quire::metadata
