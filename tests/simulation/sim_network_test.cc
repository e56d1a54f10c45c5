#include "tests/simulation/sim_network.h"

#include <map>
#include <vector>

#include "tests/simulation/network_weather.h"
#include "tests/simulation/world_fixture.h"

namespace quire::simulation {
namespace {

using SimNetworkTest = WorldTest;

// What the handler was asked, in how many calls.
class CountingBookie final : public rpc::BookieHandler {
 public:
  void Add(protocol::BookieId, std::span<const protocol::Add> adds,
           common::Callback<std::vector<Code>> done) override {
    batches.push_back(adds.size());
    for (const protocol::Add& add : adds) {
      ++times[protocol::PeekEntryHeader(add.entry).entry];
    }
    done(std::vector<Code>(adds.size(), Code::kOk));
  }
  void Read(protocol::ReadRequest request, common::Callback<protocol::ReadReply> done) override {
    ++times[request.entries.at(0)];
    done({.code = Code::kOk, .answers = {{Code::kNoEntry, {}}}});
  }
  void Lac(protocol::LacRequest request, common::Callback<protocol::LacReply> done) override {
    if (request.wait_ms == 0) return done({.code = Code::kOk});
    polls.push_back(std::move(done));
  }
  void WriteLac(protocol::WriteLacRequest,
                common::Callback<protocol::WriteLacReply> done) override {
    done({.code = Code::kOk});
  }
  void ListEntries(protocol::ListEntriesRequest,
                   common::Callback<protocol::ListEntriesReply> done) override {
    done({.code = Code::kOk, .runs = {}});
  }
  void Status(protocol::StatusRequest, common::Callback<protocol::StatusReply> done) override {
    done({.code = Code::kOk, .instance = {}, .bookies = {}});
  }
  bool Accepting() const override { return accepting; }

  std::vector<std::size_t> batches;
  std::map<EntryId, int> times;
  std::vector<common::Callback<protocol::LacReply>> polls;
  bool accepting = true;
};

// A counting bookie at "b2:3181".
class MessageTest : public WorldTest {
 protected:
  explicit MessageTest(FaultProfile profile = FaultProfile::None(), std::uint64_t seed = 1)
      : WorldTest(std::move(profile), seed) {}
  void AddTo2(std::int64_t entry) {
    const std::string bytes = EntryBytes(entry);
    pool->Get("b2:3181")->Add(kBookie, {.entry = bytes, .key = kKey},
                              {.sink = adds, .entry = EntryId(entry)});
  }
  void ReadFrom2(std::int64_t entry, std::int32_t deadline_ms = 0) {
    pool->Get("b2:3181")->Read({.bookie = kBookie,
                                .deadline_ms = deadline_ms,
                                .ledger = kLedger,
                                .entries = {EntryId(entry)},
                                .key = {}},
                               [this](protocol::ReadReply reply) { reads.push_back(reply.code); });
  }
  NodeId node2() { return network.Node("b2:3181"); }

  CountingBookie counting;
  SimLoop loop2{scheduler, "b2"};
  std::unique_ptr<SimServer> server2 =
      std::make_unique<SimServer>(network, "b2:3181", loop2, counting);
  std::vector<Code> reads;
};

TEST_F(MessageTest, SendsTheAddsOfOneTurnInOneCall) {
  client_loop.Post([this] {
    for (int i = 0; i < 10; ++i) AddTo2(i);
    EXPECT_TRUE(adds->codes.empty());
  });
  scheduler.RunFor(1s);
  EXPECT_EQ(counting.batches, std::vector<std::size_t>{10});
  EXPECT_EQ(adds->codes, std::vector<Code>(10, Code::kOk));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(adds->entries[i], EntryId(i));
}

TEST_F(MessageTest, AnswersEveryKindOfCall) {
  int answers = 0;
  const auto count = [&answers](auto reply) { answers += reply.code == Code::kOk ? 1 : 0; };
  auto channel = pool->Get("b2:3181");
  channel->Lac({.bookie = kBookie, .ledger = kLedger, .key = {}}, count);
  channel->WriteLac({.bookie = kBookie, .ledger = kLedger, .key = {}, .record = {}}, count);
  channel->ListEntries({.bookie = kBookie, .ledger = kLedger, .from = EntryId(0)}, count);
  channel->Status({}, count);
  EXPECT_EQ(answers, 0);
  scheduler.RunFor(1s);
  EXPECT_EQ(answers, 4);
}

TEST_F(MessageTest, HoldsMessagesOfACloggedLinkAndDeliversThemAfterTheirSenderGaveUp) {
  network.Clog(client_node(), node2());
  AddTo2(1);
  ReadFrom2(2, 100);
  scheduler.RunFor(101ms);
  EXPECT_EQ(reads, std::vector<Code>{Code::kTimeout});
  EXPECT_TRUE(adds->codes.empty());
  scheduler.RunFor(6s);
  EXPECT_EQ(adds->codes, std::vector<Code>{Code::kTimeout});
  EXPECT_TRUE(counting.times.empty());
  network.Unclog(client_node(), node2());
  scheduler.RunFor(1s);
  EXPECT_EQ(counting.times.size(), 2U);  // they arrive
  EXPECT_EQ(adds->codes.size(), 1U);     // and their replies are not heard
  EXPECT_EQ(reads.size(), 1U);
}

TEST_F(MessageTest, ClogsOneDirectionOnly) {
  network.Clog(node2(), client_node());
  ReadFrom2(1);
  scheduler.RunFor(1s);
  EXPECT_EQ(counting.times.size(), 1U);
  EXPECT_TRUE(reads.empty());
  network.Heal();
  scheduler.RunFor(1s);
  EXPECT_EQ(reads, std::vector<Code>{Code::kOk});
}

TEST_F(MessageTest, LosesWhatArrivesOnACutLink) {
  network.Cut(client_node(), node2());
  ReadFrom2(1);
  scheduler.RunFor(1s);
  network.Mend(client_node(), node2());
  ReadFrom2(2);
  scheduler.RunFor(10s);
  EXPECT_EQ(reads, (std::vector<Code>{Code::kOk, Code::kTimeout}));
  EXPECT_FALSE(counting.times.contains(EntryId(1)));
}

TEST_F(MessageTest, WaitsForAHandlerThatDoesNotAccept) {
  counting.accepting = false;
  ReadFrom2(1);
  ReadFrom2(2, 200);
  scheduler.RunFor(1s);
  EXPECT_TRUE(counting.times.empty());
  counting.accepting = true;
  scheduler.RunFor(1s);
  EXPECT_EQ(reads, (std::vector<Code>{Code::kTimeout, Code::kOk}));
  EXPECT_EQ(counting.times.size(), 1U);  // the other had expired before it was looked at
}

TEST_F(MessageTest, GivesALongPollItsTime) {
  std::vector<Code> polls;
  pool->Get("b2:3181")->Lac(
      {.bookie = kBookie, .deadline_ms = 1000, .ledger = kLedger, .key = {}, .wait_ms = 20'000},
      [&](protocol::LacReply reply) { polls.push_back(reply.code); });
  scheduler.RunFor(20'900ms);
  EXPECT_TRUE(polls.empty());
  scheduler.RunFor(200ms);
  EXPECT_EQ(polls, std::vector<Code>{Code::kTimeout});
}

TEST_F(MessageTest, TellsWhoWaitsForAKilledServerAndDropsItsAnswers) {
  pool->Get("b2:3181")->Lac({.bookie = kBookie, .ledger = kLedger, .key = {}, .wait_ms = 20'000},
                            [this](protocol::LacReply reply) { reads.push_back(reply.code); });
  scheduler.RunFor(1s);
  ASSERT_EQ(counting.polls.size(), 1U);
  loop2.Kill();
  scheduler.RunFor(1s);
  EXPECT_EQ(reads, std::vector<Code>{Code::kDisconnected});
  counting.polls[0]({.code = Code::kOk});
  ReadFrom2(1);
  scheduler.RunFor(1s);
  EXPECT_EQ(reads, (std::vector<Code>{Code::kDisconnected, Code::kDisconnected}));
}

TEST_F(MessageTest, DeliversToWhoeverServesTheAddressByThen) {
  network.Clog(client_node(), node2());
  AddTo2(1);
  scheduler.RunFor(1s);
  server2.reset();
  network.Unclog(client_node(), node2());
  SimLoop again(scheduler, "b2 again");
  CountingBookie second;
  SimServer server(network, "b2:3181", again, second);
  scheduler.RunFor(1s);
  EXPECT_EQ(second.times[EntryId(1)], 1);
  EXPECT_EQ(adds->codes, std::vector<Code>{Code::kDisconnected});
}

TEST_F(MessageTest, DeliversWhatAKilledClientHadSentAndTellsItNothing) {
  AddTo2(1);
  scheduler.RunFor([&] { return network.sent() == 1; }, 1s);
  client_loop.Kill();
  pool.reset();
  scheduler.RunFor(10s);
  EXPECT_EQ(counting.times[EntryId(1)], 1);
  EXPECT_TRUE(adds->codes.empty());
  EXPECT_EQ(adds.use_count(), 1);  // nothing of the process is left anywhere
}

TEST_F(MessageTest, EndsTheCallsOfAPoolThatGoes) {
  auto channel = pool->Get("b2:3181");
  AddTo2(1);
  ReadFrom2(2);
  pool.reset();
  EXPECT_TRUE(reads.empty());
  scheduler.RunFor(10s);
  EXPECT_EQ(adds->codes, std::vector<Code>{Code::kDisconnected});
  EXPECT_EQ(reads, std::vector<Code>{Code::kDisconnected});
  channel->Status({}, [this](protocol::StatusReply reply) { reads.push_back(reply.code); });
  scheduler.RunFor(1s);
  EXPECT_EQ(reads.size(), 2U);
}

TEST_F(MessageTest, HoldsMessagesForAPausedProcess) {
  loop2.Pause(1s);
  ReadFrom2(1);
  scheduler.RunFor(990ms);
  EXPECT_TRUE(counting.times.empty());
  client_loop.Pause(1s);
  scheduler.RunFor(500ms);
  EXPECT_EQ(counting.times.size(), 1U);
  EXPECT_TRUE(reads.empty());
  scheduler.RunFor(1s);
  EXPECT_EQ(reads, std::vector<Code>{Code::kOk});
}

TEST_F(MessageTest, EndsTheCallsOfABrokenConnectionThoughTheyArrive) {
  AddTo2(1);
  ReadFrom2(2);
  network.Clog(client_node(), node2());
  network.Reset(client_node(), node2());
  scheduler.RunFor(1s);
  EXPECT_EQ(adds->codes, std::vector<Code>{Code::kDisconnected});
  EXPECT_EQ(reads, std::vector<Code>{Code::kDisconnected});
  network.Heal();
  scheduler.RunFor(1s);
  EXPECT_EQ(counting.times.size(), 2U);
}

class DuplicateTest : public MessageTest {
 protected:
  DuplicateTest() : MessageTest({.duplicate = 1'000'000}) {}
};
TEST_F(DuplicateTest, ADoubledRequestReachesTheHandlerTwiceAndEndsOnce) {
  AddTo2(1);
  ReadFrom2(2);
  scheduler.RunFor(1s);
  EXPECT_EQ(counting.times[EntryId(1)], 2);
  EXPECT_EQ(counting.times[EntryId(2)], 2);
  EXPECT_EQ(adds->codes.size(), 1U);
  EXPECT_EQ(reads.size(), 1U);
}

class LateTest : public MessageTest {
 protected:
  LateTest() : MessageTest({.late = 1'000'000}) {}
};
TEST_F(LateTest, ALateMessageArrivesAfterItsSenderGaveUpByItself) {
  AddTo2(1);
  scheduler.RunFor(60s);
  EXPECT_EQ(adds->codes, std::vector<Code>{Code::kTimeout});
  EXPECT_EQ(counting.times[EntryId(1)], 1);
}
TEST_F(LateTest, HealingBringsLateMessagesSoon) {
  AddTo2(1);
  scheduler.RunFor(1s);
  network.Heal();
  scheduler.RunFor(1s);
  EXPECT_EQ(counting.times[EntryId(1)], 1);
  EXPECT_EQ(adds->codes, std::vector<Code>{Code::kOk});
  scheduler.RunFor(60s);
  EXPECT_EQ(counting.times[EntryId(1)], 1);
}

class FenceDropTest : public MessageTest {
 protected:
  FenceDropTest() : MessageTest({.fence_lac_drop = 1'000'000}) {}
};
TEST_F(FenceDropTest, LosesFencingLacRequestsOnly) {
  std::vector<Code> lacs;
  const auto note = [&](protocol::LacReply reply) { lacs.push_back(reply.code); };
  pool->Get("b2:3181")->Lac({.bookie = kBookie, .ledger = kLedger, .fence = true, .key = kKey},
                            note);
  pool->Get("b2:3181")->Lac({.bookie = kBookie, .ledger = kLedger, .key = {}}, note);
  scheduler.RunFor(10s);
  EXPECT_EQ(lacs, (std::vector<Code>{Code::kOk, Code::kTimeout}));
}

// Everything at once, for many seeds: each call ends exactly once, and the same seed gives the same
// run.
struct Outcome {
  std::uint64_t hash = 0;
  std::vector<int> ends;
  std::map<Code, int> codes;
};

class CountEnds final : public rpc::AddSink {
 public:
  explicit CountEnds(Outcome& outcome) : outcome_(outcome) {}
  void OnAdd(const rpc::AddTicket& ticket, Code code) override {
    ++outcome_.ends[static_cast<std::size_t>(ticket.slot)];
    ++outcome_.codes[code];
  }

 private:
  Outcome& outcome_;
};

Outcome RunStorm(std::uint64_t seed, std::size_t trace_lines) {
  constexpr int kCalls = 60;
  Outcome outcome;
  outcome.ends.resize(2 * kCalls);
  SimScheduler scheduler(seed);
  Trace trace(scheduler, trace_lines);
  SimNetwork network(scheduler, FaultProfile::Draw(scheduler.random()), trace);
  NetworkWeather weather(network);
  SimLoop client(scheduler, "c");
  auto sink = std::make_shared<CountEnds>(outcome);
  SimChannelPool pool(network, "c", client);
  struct Bookie {
    SimpleDisk disk;
    std::unique_ptr<SimLoop> loop;
    std::unique_ptr<SimpleBookie> handler;
    std::unique_ptr<SimServer> server;
  };
  std::vector<Bookie> bookies(3);
  const auto boot = [&](std::size_t i) {
    Bookie& bookie = bookies[i];
    bookie.server.reset();
    bookie.handler.reset();
    bookie.loop = std::make_unique<SimLoop>(scheduler, "b");
    bookie.handler =
        std::make_unique<SimpleBookie>(*bookie.loop, bookie.disk, SimpleBookieOptions{kBookie});
    bookie.server = std::make_unique<SimServer>(network, "b" + std::to_string(i), *bookie.loop,
                                                *bookie.handler);
  };
  for (std::size_t i = 0; i < bookies.size(); ++i) boot(i);
  weather.Start();
  for (int i = 0; i < kCalls; ++i) {
    client.After(std::chrono::milliseconds(10 * i), [&, i] {
      const auto channel = pool.Get("b" + std::to_string(i % 3));
      const std::string bytes = EntryBytes(i);
      channel->Add(kBookie, {.entry = bytes, .key = kKey}, {sink, EntryId(i), i});
      channel->Read({.bookie = kBookie,
                     .deadline_ms = 300,
                     .ledger = kLedger,
                     .entries = {EntryId(i)},
                     .key = {}},
                    [&outcome, i](protocol::ReadReply reply) {
                      ++outcome.ends[static_cast<std::size_t>(kCalls + i)];
                      ++outcome.codes[reply.code];
                    });
    });
  }
  for (std::size_t i = 0; i < bookies.size(); ++i) {
    scheduler.After(200ms, nullptr, [&, i] {
      bookies[i].loop->Kill();
      bookies[i].disk.Crash(scheduler.random());
    });
    scheduler.After(220ms, nullptr, [&, i] { boot(i); });
  }
  scheduler.RunFor(2s);
  weather.Stop();
  network.Heal();
  scheduler.RunFor(60s);
  EXPECT_EQ(pool.waiting(), 0U);
  EXPECT_EQ(scheduler.pending(), 0U);
  outcome.hash = scheduler.hash();
  return outcome;
}

TEST(SimNetworkStormTest, EndsEveryCallExactlyOnceAndReplaysFromItsSeed) {
  std::map<Code, int> codes;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const Outcome outcome = RunStorm(seed, 0);
    for (const int ends : outcome.ends) ASSERT_EQ(ends, 1) << "seed " << seed;
    for (const auto& [code, count] : outcome.codes) codes[code] += count;
    if (seed % 10 == 0) {
      ASSERT_EQ(outcome.hash, RunStorm(seed, 100).hash) << "seed " << seed;
      ASSERT_NE(outcome.hash, RunStorm(seed + 1000, 0).hash) << "seed " << seed;
    }
  }
  // The storm is one: calls end in every way.
  EXPECT_GT(codes[Code::kOk], 0);
  EXPECT_GT(codes[Code::kTimeout], 0);
  EXPECT_GT(codes[Code::kDisconnected], 0);
}

}  // namespace
}  // namespace quire::simulation
