// What deleting very many ledgers does to those who read others: the time of single reads before,
// while the ledgers are dropped at the collector's pace, and after it, as ratios of one run. Each
// of these is several parts, so that what the machine does beside it can be seen. Not a test; run
// by hand:
//   delete_benchmark [directory] [ledgers to delete] [reads of each part]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

#include "bookie/collector.h"
#include "bookie/shard.h"
#include "common/check.h"
#include "common/posix_disk.h"
#include "common/random.h"
#include "common/sliced_work.h"
#include "common/worker.h"
#include "tests/bookie/store_fixture.h"
#include "tests/support/thread_loop.h"

namespace quire::bookie {
namespace {

using protocol::Code;
using protocol::EntryId;
using protocol::LedgerId;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t kLive = 1000;  // ledgers that are read
constexpr std::int64_t kLiveEntries = 100;
constexpr std::int64_t kShortEntries = 5;  // of those that will be deleted
constexpr int kParts = 5;
constexpr protocol::LedgerKey kKey{.high = 7, .low = 9};

double Millis(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

class Benchmark {
 public:
  Benchmark(const std::string& path, std::int64_t deleted, std::int64_t reads)
      : deleted_(deleted),
        reads_(reads),
        journal_disk_(common::PosixDisk::Create(path + "/journal").value()),
        store_disk_(common::PosixDisk::Create(path + "/segments").value()) {
    options_.store.index_path = path + "/index";
    options_.store.may_begin = true;
    options_.store.cache_bytes = 16 << 20;
    options_.min_free_bytes = 64 << 20;
    Open();
  }
  ~Benchmark() {
    loop_.Run([this] { shard_.reset(); });
  }

  // Every so many short ledgers a live one, so that they share segments and neighbour each other in
  // the index.
  void Fill() {
    const std::int64_t all = deleted_ + kLive;
    for (std::int64_t entry = 0; entry < kLiveEntries; ++entry) {
      for (std::int64_t ledger = 0; ledger < all; ++ledger) {
        if (entry < kShortEntries || IsLive(ledger)) Add(ledger, entry);
      }
    }
    AddNow();
    Restart();  // everything is in segments then
  }

  void Run() {
    Print("before", Parts());
    Times during;
    const auto start = Clock::now();
    for (int part = 0; part < kParts; ++part) during.push_back(DropWhileReading(part));
    const double took = Millis(Clock::now() - start);
    Print("while they go", std::move(during));
    std::printf("%lld ledgers deleted in %.0f ms, in %lld commits\n",
                static_cast<long long>(deleted_), took, static_cast<long long>(commits_));
    Print("after", Parts());
    Restart();
    Print("after a restart", Parts());
  }

 private:
  void Open() {
    loop_.Run([this] {
      shard_ = std::make_unique<Shard>(loop_, protocol::BookieId{.high = 1, .low = 2},
                                       ShardResources{.journal_disk = *journal_disk_,
                                                      .store_disk = *store_disk_,
                                                      .journal_worker = journal_worker_,
                                                      .flush_worker = flush_worker_,
                                                      .readers = {&readers_[0], &readers_[1]}},
                                       options_, Log([](LogLevel, std::string_view) {}),
                                       Shard::Events{});
    });
    const auto opened = shard_->Open(RealStorage());
    QUIRE_CHECK(opened.has_value());
    loop_.Run([this] { shard_->Start(); });
  }
  void Restart() {
    const auto stopped = loop_.Await<void>(
        [this](common::Callback<common::Result<void>> done) { shard_->Stop(std::move(done)); });
    QUIRE_CHECK(stopped.has_value());
    loop_.Run([this] { shard_.reset(); });
    Open();
  }

  bool IsLive(std::int64_t ledger) const { return ledger % (1 + deleted_ / kLive) == 0; }

  // Reads until a part of the ledgers is dropped and the index has it.
  std::vector<double> DropWhileReading(int part) {
    const std::int64_t all = deleted_ + kLive;
    bool dropped = false;  // loop thread
    loop_.Run([&, next = all * part / kParts, end = all * (part + 1) / kParts] {
      slices_.Run(
          Collector::kDropping,
          [this, next, end]() mutable {
            if (next < end && !IsLive(next)) shard_->Bury(LedgerId(next));
            return ++next < end;
          },
          [this, &dropped] {
            shard_->GiveBack();
            dropped = true;
          });
    });
    std::vector<double> times;
    const auto done = [&] {
      return loop_.Run([&] {
        const ShardSnapshot now = shard_->Snapshot();
        const auto counts = now.store.index_commit.view().counts;
        commits_ = std::reduce(counts.begin(), counts.end());
        return dropped && now.status.stored_lsn == static_cast<std::int64_t>(now.journal_last);
      });
    };
    while (!done()) {
      const auto some = Read(20);
      times.insert(times.end(), some.begin(), some.end());
    }
    return times;
  }

  void Add(std::int64_t ledger, std::int64_t entry) {
    waiting_.push_back(MakeEntry(ledger, entry));
    if (waiting_.size() == 4096) AddNow();
  }
  void AddNow() {
    while (!waiting_.empty()) {
      const auto codes = loop_.Await<std::vector<Code>>([this](auto done) {
        std::vector<protocol::Add> adds;
        adds.reserve(waiting_.size());
        for (const std::string& bytes : waiting_) adds.push_back({.entry = bytes, .key = kKey});
        shard_->Add(adds, [done = std::move(done)](std::vector<Code> got) mutable {
          done(std::move(got));
        });
      });
      std::size_t left = 0;
      for (std::size_t i = 0; i < waiting_.size(); ++i) {
        if ((*codes)[i] == Code::kOk) continue;
        QUIRE_CHECK((*codes)[i] == Code::kBusy);
        std::swap(waiting_[left++], waiting_[i]);
      }
      waiting_.resize(left);
    }
  }

  // Single entries of live ledgers at random, one at a time; milliseconds.
  std::vector<double> Read(std::int64_t count) {
    std::vector<double> times;
    for (std::int64_t i = 0; i < count; ++i) {
      const auto step = 1 + deleted_ / kLive;
      const auto live = static_cast<std::int64_t>(common::Below(random_, kLive));
      const auto entry = static_cast<std::int64_t>(common::Below(random_, kLiveEntries));
      const auto start = Clock::now();
      const auto reply = loop_.Await<protocol::ReadReply>([&](auto done) {
        protocol::ReadRequest request;
        request.ledger = LedgerId(live * step);
        request.entries.emplace_back(entry);
        shard_->Read(std::move(request), [done = std::move(done)](protocol::ReadReply got) mutable {
          done(std::move(got));
        });
      });
      times.push_back(Millis(Clock::now() - start));
      QUIRE_CHECK(reply->code == Code::kOk && reply->answers[0].code == Code::kOk);
    }
    return times;
  }

  using Times = std::vector<std::vector<double>>;  // of each part
  Times Parts() {
    Times times;
    for (int part = 0; part < kParts; ++part) times.push_back(Read(reads_));
    return times;
  }

  static double At(std::vector<double>& times, double share) {
    std::ranges::sort(times);
    return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
  }

  void Print(const char* when, Times parts) {
    std::vector<double> halves;
    std::vector<double> tails;
    for (auto& times : parts) {
      halves.push_back(At(times, 0.5));
      tails.push_back(At(times, 0.99));
    }
    const double tail = At(tails, 0.5);
    if (first_tail_ == 0) first_tail_ = tail;
    std::printf("%-16s p50 %.3f ms, p99 %.3f ms (%.2f times that before); of the parts:", when,
                At(halves, 0.5), tail, tail / first_tail_);
    for (const double part : tails) std::printf(" %.3f", part);
    std::printf("\n");
    std::fflush(stdout);
  }

  const std::int64_t deleted_;
  const std::int64_t reads_;
  const std::unique_ptr<common::Disk> journal_disk_;
  const std::unique_ptr<common::Disk> store_disk_;
  ShardOptions options_;
  testing::ThreadLoop loop_;
  common::SlicedWork slices_{loop_};
  common::ThreadWorker journal_worker_{"journal"};
  common::ThreadWorker flush_worker_{"flush"};
  common::ThreadWorker readers_[2] = {common::ThreadWorker("read0"), common::ThreadWorker("read1")};
  common::Random random_{1};
  std::unique_ptr<Shard> shard_;
  std::vector<std::string> waiting_;
  std::uint64_t commits_ = 0;
  double first_tail_ = 0;
};

}  // namespace
}  // namespace quire::bookie

int main(int argc, char** argv) {
  using namespace quire;
  const bookie::TempDirectory temporary;
  const std::string path = argc > 1 ? argv[1] : temporary.path();
  const std::int64_t deleted = argc > 2 ? std::atoll(argv[2]) : 100'000;
  const std::int64_t reads = argc > 3 ? std::atoll(argv[3]) : 20'000;
  bookie::Benchmark benchmark(path, deleted, reads);
  benchmark.Fill();
  benchmark.Run();
  return 0;
}
