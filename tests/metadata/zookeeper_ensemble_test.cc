// Three ZooKeeper servers whose leader is killed under load: what was acknowledged stays, and what
// was ambiguous is applied once.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <sstream>
#include <thread>

#include "metadata/backoff.h"
#include "metadata/lifetime.h"
#include "metadata/zookeeper_store.h"
#include "tests/support/thread_loop.h"
#include "tests/support/zookeeper_server.h"

namespace quire::metadata {
namespace {

using common::Errc;
using common::Result;

constexpr const char* kPath = "/counters";

// The value: for each client how often it counted. "0=3 1=7 ". An increment is done when the
// client's own count says so, which decides an ambiguous swap even when others have written since.
using Counts = std::map<int, int>;

Counts Parse(const std::string& value) {
  Counts counts;
  std::istringstream in(value);
  int client = 0;
  int count = 0;
  for (char equals = 0; in >> client >> equals >> count;) counts[client] = count;
  return counts;
}

std::string Format(const Counts& counts) {
  std::ostringstream out;
  for (const auto& [client, count] : counts) out << client << '=' << count << ' ';
  return out.str();
}

// Counts as fast as it can; each increment in the manner of protocol 1.1.
class Counter {
 public:
  Counter(common::Loop& loop, MetadataStore& store, int client)
      : loop_(loop), store_(store), client_(client) {}

  void Begin() { Read(); }
  void Stop() { stop_ = true; }
  bool stopped() const { return stopped_; }
  int acknowledged() const { return acknowledged_; }
  int ambiguous() const { return ambiguous_; }

 private:
  void Read() {
    store_.Read(kPath, lifetime_.WhileAlive([this](Result<Versioned> read) {
      if (!read) return Retry();
      counts_ = Parse(read->value);
      version_ = read->version;
      Next();
    }));
  }
  void Next() {
    if (counts_[client_] > acknowledged_ + 1) ADD_FAILURE() << "counted twice";
    if (counts_[client_] < acknowledged_) ADD_FAILURE() << "lost an acknowledged count";
    acknowledged_ = counts_[client_];
    if (stop_) {
      stopped_ = true;
      return;
    }
    Counts next = counts_;
    ++next[client_];
    store_.CompareAndSet(kPath, Format(next), version_,
                         lifetime_.WhileAlive([this, next](Result<Version> swapped) {
                           if (swapped) {
                             backoff_.Reset();
                             counts_ = next;
                             version_ = *swapped;
                             return Next();
                           }
                           if (swapped.error().code() == Errc::kBadVersion) return Read();
                           if (swapped.error().code() == Errc::kAmbiguous) ++ambiguous_;
                           Retry();
                         }));
  }
  void Retry() {
    loop_.After(backoff_.Next(), lifetime_.WhileAlive([this] { Read(); }));
  }

  common::Loop& loop_;
  MetadataStore& store_;
  const int client_;
  Counts counts_;
  Version version_;
  std::atomic<int> acknowledged_ = 0;
  std::atomic<int> ambiguous_ = 0;
  std::atomic<bool> stop_ = false;
  std::atomic<bool> stopped_ = false;
  Backoff backoff_;
  Lifetime lifetime_;
};

TEST(ZookeeperEnsembleTest, KeepsEveryAcknowledgedSwapWhenTheLeaderDies) {
  constexpr int kClients = 3;
  testing::ZookeeperEnsemble ensemble;
  testing::ThreadLoop loop;
  ZookeeperOptions options;
  options.session_timeout = std::chrono::seconds(4);
  options.call_timeout = std::chrono::seconds(5);
  std::vector<std::unique_ptr<ZookeeperStore>> stores;
  std::vector<std::unique_ptr<Counter>> counters;
  loop.Run([&] {
    for (int i = 0; i < kClients; ++i) {
      stores.push_back(ZookeeperStore::Open(loop, ensemble.uri("q"), options).value());
      counters.push_back(std::make_unique<Counter>(loop, *stores.back(), i));
    }
  });
  const auto becomes = [](const auto& condition) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!condition() && std::chrono::steady_clock::now() < limit) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return condition();
  };
  const auto total = [&] {
    int sum = 0;
    for (const auto& counter : counters) sum += counter->acknowledged();
    return sum;
  };
  ASSERT_TRUE(loop.Await<Version>(
      [&](auto done) { stores[0]->Create(kPath, "", NodeKind::kPersistent, std::move(done)); }));
  loop.Run([&] {
    for (const auto& counter : counters) counter->Begin();
  });
  for (int round = 0; round < 2; ++round) {
    const int before = total();
    ASSERT_TRUE(becomes([&] { return total() > before + 100; }));
    ASSERT_TRUE(becomes([&] { return ensemble.Leader().has_value(); }));
    const int leader = *ensemble.Leader();
    ensemble.Kill(leader);
    const int after = total();
    ASSERT_TRUE(becomes([&] { return total() > after + 100; })) << "no new leader";
    ensemble.Restart(leader);
  }
  for (const auto& counter : counters) counter->Stop();
  ASSERT_TRUE(becomes([&] {
    return std::ranges::all_of(counters, [](const auto& counter) { return counter->stopped(); });
  }));
  const auto end =
      loop.Await<Versioned>([&](auto done) { stores[0]->Read(kPath, std::move(done)); });
  ASSERT_TRUE(end) << end.error().ToString();
  int ambiguous = 0;
  const Counts counts = Parse(end->value);
  for (int i = 0; i < kClients; ++i) {
    EXPECT_EQ(counts.at(i), counters[static_cast<std::size_t>(i)]->acknowledged());
    ambiguous += counters[static_cast<std::size_t>(i)]->ambiguous();
  }
  // Every applied swap is one version and one count.
  EXPECT_EQ(end->version.value, total());
  RecordProperty("acknowledged", total());
  RecordProperty("ambiguous", ambiguous);
  loop.Run([&] {
    counters.clear();
    stores.clear();
  });
}

}  // namespace
}  // namespace quire::metadata
