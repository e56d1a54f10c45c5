#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/sim_metadata_store.h"

namespace quire::simulation {
namespace {

using namespace std::chrono_literals;
using common::Errc;
using common::Result;
using metadata::NodeKind;
using metadata::Op;
using metadata::SessionEvent;
using metadata::Version;
using metadata::Versioned;

class SimMetadataTest : public ::testing::Test {
 protected:
  explicit SimMetadataTest(FaultProfile profile = {}, std::uint64_t seed = 1)
      : scheduler(seed), trace(scheduler, 1000), servers(scheduler, std::move(profile), trace) {}
  ~SimMetadataTest() override {
    if (HasFailure()) std::fputs(trace.Text().c_str(), stderr);
  }

  // Runs the world until the call has ended.
  template <typename T, typename Call>
  Result<T> Await(Call call) {
    std::optional<Result<T>> result;
    call([&](Result<T> r) { result = std::move(r); });
    EXPECT_FALSE(result.has_value());  // in a later turn
    EXPECT_TRUE(scheduler.RunFor([&] { return result.has_value(); }, 100s));
    return std::move(*result);
  }
  Result<Version> Create(SimMetadataStore& store, const std::string& path,
                         const std::string& value = "", NodeKind kind = NodeKind::kPersistent) {
    return Await<Version>([&](auto done) { store.Create(path, value, kind, std::move(done)); });
  }
  Result<Version> Set(SimMetadataStore& store, const std::string& path, const std::string& value,
                      int version) {
    return Await<Version>(
        [&](auto done) { store.CompareAndSet(path, value, Version{version}, std::move(done)); });
  }
  Result<Versioned> Read(SimMetadataStore& store, const std::string& path) {
    return Await<Versioned>([&](auto done) { store.Read(path, std::move(done)); });
  }
  Result<void> Delete(SimMetadataStore& store, const std::string& path, int version) {
    return Await<void>([&](auto done) { store.Delete(path, Version{version}, std::move(done)); });
  }
  Result<std::vector<std::string>> List(SimMetadataStore& store, const std::string& path,
                                        const std::string& after, std::size_t limit) {
    return Await<std::vector<std::string>>(
        [&](auto done) { store.List(path, after, limit, std::move(done)); });
  }
  template <typename T>
  static Errc CodeOf(const Result<T>& result) {
    return result ? Errc{} : result.error().code();
  }

  SimScheduler scheduler;
  Trace trace;
  SimMetadata servers;
  SimLoop loop_a{scheduler, "a"};
  SimLoop loop_b{scheduler, "b"};
  std::unique_ptr<SimMetadataStore> a = std::make_unique<SimMetadataStore>(servers, loop_a);
  std::unique_ptr<SimMetadataStore> b = std::make_unique<SimMetadataStore>(servers, loop_b);
};

TEST_F(SimMetadataTest, CreatesExclusivelyWithParents) {
  EXPECT_EQ(Create(*a, "/x/y/z", "1").value(), Version{0});
  EXPECT_EQ(CodeOf(Create(*b, "/x/y/z", "2")), Errc::kNodeExists);
  EXPECT_EQ(Read(*b, "/x/y/z").value().value, "1");
  EXPECT_EQ(Read(*b, "/x").value().value, "");
}

TEST_F(SimMetadataTest, SwapsAndDeletesOnlyTheExpectedVersion) {
  ASSERT_TRUE(Create(*a, "/x/y", "1"));
  EXPECT_EQ(Set(*a, "/x/y", "2", 0).value(), Version{1});
  EXPECT_EQ(CodeOf(Set(*b, "/x/y", "3", 0)), Errc::kBadVersion);
  EXPECT_EQ(CodeOf(Set(*b, "/none", "3", 0)), Errc::kNoNode);
  EXPECT_EQ(CodeOf(Delete(*b, "/x/y", 0)), Errc::kBadVersion);
  EXPECT_EQ(CodeOf(Delete(*b, "/x", 0)), Errc::kNotEmpty);
  EXPECT_TRUE(Delete(*b, "/x/y", 1));
  EXPECT_EQ(CodeOf(Read(*a, "/x/y")), Errc::kNoNode);
  EXPECT_EQ(Create(*a, "/x/y", "4").value(), Version{0});  // T-31
}

TEST_F(SimMetadataTest, ListsSortedPages) {
  for (const auto* name : {"c", "a", "d", "b"}) {
    ASSERT_TRUE(Create(*a, std::string("/x/") + name));
  }
  EXPECT_EQ(List(*b, "/x", "", 3).value(), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(List(*b, "/x", "c", 3).value(), std::vector<std::string>{"d"});
  EXPECT_EQ(CodeOf(List(*b, "/none", "", 3)), Errc::kNoNode);
}

TEST_F(SimMetadataTest, AppliesAGroupWholeOrNotAtAll) {
  std::vector<std::string> seen;
  servers.OnMutation([&](const Mutation& mutation) { seen.push_back(mutation.path); });
  ASSERT_TRUE(Create(*a, "/x", "1"));
  const auto multi = [&](std::vector<Op> ops) {
    return Await<void>([&](auto done) { a->Multi(std::move(ops), std::move(done)); });
  };
  std::vector<Op> ops = {
      {.kind = Op::Kind::kCreate, .path = "/x/a", .value = "1", .version = {}},
      {.kind = Op::Kind::kCompareAndSet, .path = "/x", .value = "2", .version = {0}},
      {.kind = Op::Kind::kCheck, .path = "/x", .value = {}, .version = {0}}};
  EXPECT_EQ(CodeOf(multi(ops)), Errc::kBadVersion);
  EXPECT_EQ(servers.Find("/x/a"), nullptr);
  EXPECT_EQ(*servers.Find("/x"), "1");
  ops[2].version = Version{1};
  EXPECT_TRUE(multi(ops));
  EXPECT_EQ(*servers.Find("/x"), "2");
  EXPECT_EQ(seen, (std::vector<std::string>{"/x", "/x/a", "/x"}));
}

TEST_F(SimMetadataTest, RefusesWhatCanNeverWork) {
  EXPECT_EQ(CodeOf(Create(*a, "no slash")), Errc::kInvalidArgument);
  EXPECT_EQ(CodeOf(Set(*a, "/x", "", -1)), Errc::kInvalidArgument);  // T-31
}

TEST_F(SimMetadataTest, ShowsEveryChangeToAnObserver) {
  std::vector<Mutation> seen;
  servers.OnMutation([&](const Mutation& mutation) { seen.push_back(mutation); });
  ASSERT_TRUE(Create(*a, "/x", "1"));
  ASSERT_TRUE(Set(*a, "/x", "2", 0));
  ASSERT_TRUE(Delete(*a, "/x", 1));
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_FALSE(seen[0].before);
  EXPECT_EQ(seen[1].before, "1");
  EXPECT_EQ(seen[1].after, "2");
  EXPECT_EQ(seen[1].version, Version{1});
  EXPECT_FALSE(seen[2].after);
}

TEST_F(SimMetadataTest, HintsOnceAtAChangeAndNotWhenTheHandleIsDropped) {
  int node = 0;
  int children = 0;
  auto w1 = b->Watch("/x/y", [&] { ++node; });
  auto w2 = b->WatchChildren("/x", [&] { ++children; });
  auto dropped = b->Watch("/x/y", [] { FAIL(); });
  dropped.reset();
  ASSERT_TRUE(Create(*a, "/x/y", "1"));
  scheduler.RunFor(10s);
  ASSERT_TRUE(Set(*a, "/x/y", "2", 0));
  scheduler.RunFor(10s);
  EXPECT_EQ(node, 1);
  EXPECT_EQ(children, 1);
  auto w3 = b->WatchChildren("/x", [&] { ++children; });
  ASSERT_TRUE(Set(*a, "/x/y", "3", 1));
  scheduler.RunFor(10s);
  EXPECT_EQ(children, 1);  // a value is not a child
  ASSERT_TRUE(Delete(*a, "/x/y", 2));
  scheduler.RunFor(10s);
  EXPECT_EQ(children, 2);
}

TEST_F(SimMetadataTest, AnExpiredSessionLosesItsEphemeralNodesAndLearnsOfItLater) {
  ASSERT_TRUE(Create(*a, "/e", "1", NodeKind::kEphemeral));
  std::vector<SessionEvent> events;
  int hints = 0;
  auto listener = a->OnSession([&](SessionEvent event) { events.push_back(event); });
  auto watch = a->Watch("/other", [&] { ++hints; });
  Result<Versioned> during{Versioned{}};
  a->Read("/e", [&](Result<Versioned> r) { during = std::move(r); });
  a->ExpireSession();
  EXPECT_EQ(servers.Find("/e"), nullptr);
  EXPECT_EQ(CodeOf(Create(*a, "/f")), Errc::kMetadataUnavailable);  // T-32: it does not know yet
  scheduler.RunFor(60s);
  EXPECT_EQ(CodeOf(during), Errc::kMetadataUnavailable);
  EXPECT_EQ(events, (std::vector{SessionEvent::kDisconnected, SessionEvent::kNewSession}));
  EXPECT_EQ(hints, 1);
  EXPECT_TRUE(Create(*a, "/e", "2", NodeKind::kEphemeral));
}

TEST_F(SimMetadataTest, AShortOutageKeepsTheSessionAndALongOneEndsIt) {
  std::vector<SessionEvent> events;
  auto listener = a->OnSession([&](SessionEvent event) { events.push_back(event); });
  ASSERT_TRUE(Create(*a, "/e", "1", NodeKind::kEphemeral));
  a->LoseConnection(1s);
  EXPECT_EQ(CodeOf(Read(*a, "/e")), Errc::kMetadataUnavailable);
  scheduler.RunFor(2s);
  EXPECT_TRUE(Read(*a, "/e"));
  a->LoseConnection(20s);
  scheduler.RunFor(10s);
  EXPECT_EQ(servers.Find("/e"), nullptr);
  scheduler.RunFor(20s);
  EXPECT_EQ(events, (std::vector{SessionEvent::kDisconnected, SessionEvent::kConnected,
                                 SessionEvent::kDisconnected, SessionEvent::kNewSession}));
}

TEST_F(SimMetadataTest, AWriteUnderWayWhenTheConnectionBreaksIsAmbiguous) {
  ASSERT_TRUE(Create(*a, "/x", "1"));
  std::vector<Errc> codes;
  a->CompareAndSet("/x", "2", Version{0}, [&](auto r) { codes.push_back(CodeOf(r)); });
  a->LoseConnection(100ms);
  scheduler.RunFor(10s);
  EXPECT_EQ(codes, std::vector<Errc>{Errc::kAmbiguous});
  EXPECT_EQ(*servers.Find("/x"), "2");  // sent is sent
}

TEST_F(SimMetadataTest, AKilledProcessHearsNothingAndItsSessionEndsLater) {
  ASSERT_TRUE(Create(*a, "/e", "1", NodeKind::kEphemeral));
  auto token = std::make_shared<int>();
  a->Create("/x", "1", NodeKind::kPersistent, [token](auto) { FAIL(); });
  loop_a.Kill();
  EXPECT_EQ(token.use_count(), 1);
  scheduler.RunFor(1s);
  EXPECT_NE(servers.Find("/x"), nullptr);
  EXPECT_NE(servers.Find("/e"), nullptr);
  scheduler.RunFor(20s);
  EXPECT_EQ(servers.Find("/e"), nullptr);
}

TEST_F(SimMetadataTest, AStoreThatGoesEndsItsSessionAtOnceAndCallsNothing) {
  ASSERT_TRUE(Create(*a, "/e", "1", NodeKind::kEphemeral));
  a->Read("/e", [](auto) { FAIL(); });
  auto listener = a->OnSession([](SessionEvent) { FAIL(); });
  a.reset();
  EXPECT_EQ(servers.Find("/e"), nullptr);
  scheduler.RunFor(20s);
}

TEST_F(SimMetadataTest, StaleReadsLagBehindAndWritesDoNot) {
  servers.UseStaleReads();
  int stale = 0;
  ASSERT_TRUE(Create(*a, "/x", "0"));
  for (int i = 0; i < 50; ++i) {
    const std::string value = std::to_string(i + 1);
    ASSERT_TRUE(Set(*a, "/x", value, i));
    const auto read = Read(*b, "/x");
    if (!read || read->value != value) ++stale;
  }
  EXPECT_GT(stale, 10);
  EXPECT_LT(stale, 50);
}

// The fates of compare-and-swaps that end with kAmbiguous.
class AmbiguousTest : public SimMetadataTest {
 protected:
  AmbiguousTest() : SimMetadataTest({.ambiguous = 1'000'000}) {}
};

TEST_F(AmbiguousTest, IsAppliedNowOrLaterOrNever) {
  std::map<std::string, int> fates;
  for (int i = 0; i < 60; ++i) {
    const std::string path = "/n" + std::to_string(i);
    ASSERT_EQ(CodeOf(Create(*a, path, "1")), Errc::kAmbiguous);
    const bool now = servers.Find(path) != nullptr;
    scheduler.RunFor(1000s);
    const bool then = servers.Find(path) != nullptr;
    ++fates[now ? "now" : then ? "later" : "never"];
  }
  EXPECT_GT(fates["now"], 5);
  EXPECT_GT(fates["later"], 5);
  EXPECT_GT(fates["never"], 5);
}

// The writes of a session come in their order: the first try of a create does not bring a node back
// that the second one made and somebody deleted.
TEST_F(AmbiguousTest, ACreateThatWasOvertakenNeverComes) {
  for (int i = 0; i < 60; ++i) {
    const std::string path = "/n" + std::to_string(i);
    while (servers.Find(path) == nullptr) {
      ASSERT_EQ(CodeOf(Create(*a, path, "1")), Errc::kAmbiguous);
    }
    while (servers.Find(path) != nullptr) {
      ASSERT_EQ(CodeOf(Delete(*b, path, 0)), Errc::kAmbiguous);
    }
    scheduler.RunFor(1000s);
    EXPECT_EQ(servers.Find(path), nullptr);
  }
}

// T-26: what was to be applied later is refused when somebody else has written since.
TEST(LateWriteTest, IsRefusedByANewerVersion) {
  int refused = 0;
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    SimScheduler scheduler(seed);
    Trace trace(scheduler, 0);
    SimMetadata servers(scheduler, {.ambiguous = 500'000}, trace);
    SimLoop loop(scheduler, "a");
    SimMetadataStore store(servers, loop);
    std::vector<std::string> values;
    servers.OnMutation([&](const Mutation& m) { values.push_back(m.after.value_or("gone")); });
    const auto run = [&](auto call) {
      Errc code{};
      bool ended = false;
      call([&](auto result) {
        ended = true;
        code = result ? Errc{} : result.error().code();
      });
      EXPECT_TRUE(scheduler.RunFor([&] { return ended; }, 100s));
      return code;
    };
    if (run([&](auto done) { store.Create("/x", "0", NodeKind::kPersistent, done); }) != Errc{}) {
      continue;
    }
    const auto swap = [&](const char* value) {
      return run([&](auto done) { store.CompareAndSet("/x", value, Version{0}, done); });
    };
    const bool ambiguous = swap("mine") == Errc::kAmbiguous && *servers.Find("/x") == "0";
    const bool won = swap("yours") == Errc{};
    servers.Heal();
    scheduler.RunFor(100s);
    ASSERT_LE(values.size(), 2U) << "two swaps of one version";
    if (won) {
      EXPECT_EQ(*servers.Find("/x"), "yours");
      refused += ambiguous ? 1 : 0;
    }
  }
  EXPECT_GT(refused, 20);
}

TEST_F(AmbiguousTest, HealingEndsTheFaults) {
  for (int i = 0; i < 20; ++i) {
    a->Create("/h" + std::to_string(i), "1", NodeKind::kPersistent, [](auto) {});
  }
  a->LoseConnection(1000s);
  scheduler.RunFor(100us);
  servers.Heal();
  scheduler.RunFor(60s);
  EXPECT_TRUE(Create(*a, "/after"));
  const auto applied = servers.applied();
  scheduler.RunFor(10000s);
  EXPECT_EQ(servers.applied(), applied);  // nothing comes later any more
}

// Under all faults every call ends once, a read never ambiguously, and the run replays.
std::uint64_t RunSessions(std::uint64_t seed) {
  SimScheduler scheduler(seed);
  Trace trace(scheduler, 0);
  FaultProfile profile = FaultProfile::Draw(scheduler.random());
  profile.outage_every = 100ms;
  profile.expiry_every = 300ms;
  SimMetadata servers(scheduler, profile, trace);
  SimLoop loop(scheduler, "a");
  SimMetadataStore store(servers, loop);
  constexpr int kCalls = 200;
  std::vector<int> ends(2 * kCalls);
  for (int i = 0; i < kCalls; ++i) {
    loop.After(i * 10ms, [&, i] {
      const auto n = static_cast<std::size_t>(i);
      store.Create("/n" + std::to_string(i % 7), "v", NodeKind::kEphemeral,
                   [&ends, n](auto) { ++ends[n]; });
      store.Read("/n" + std::to_string(i % 5), [&ends, n](auto result) {
        ++ends[kCalls + n];
        if (!result) EXPECT_NE(result.error().code(), Errc::kAmbiguous);
      });
    });
  }
  scheduler.RunFor(3s);
  servers.Heal();
  scheduler.RunFor(100s);
  for (const int end : ends) EXPECT_EQ(end, 1) << "seed " << seed;
  EXPECT_EQ(scheduler.pending(), 0U);
  return scheduler.hash();
}

TEST(SimMetadataStormTest, EndsEveryCallExactlyOnceAndReplaysFromItsSeed) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const std::uint64_t hash = RunSessions(seed);
    ASSERT_EQ(hash, RunSessions(seed));
    ASSERT_NE(hash, RunSessions(seed + 1000));
  }
}

}  // namespace
}  // namespace quire::simulation
