// What compaction does to the latency of appends: one bookie on a real disk with all its threads
// takes adds of 1 KiB at a steady rate, and in every third slice of the same run it compacts. The
// time of an add counts from the moment it was due, so that one that had to wait to be sent at all
// is not forgotten. Not a test; run it by hand on the disk in question, in an empty directory:
//   compaction_benchmark DIRECTORY [turns of three slices] [seconds of a slice] [adds per second]
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bookie/compactor.h"
#include "bookie/loop_call.h"
#include "bookie/shard.h"
#include "common/check.h"
#include "common/posix_disk.h"
#include "common/worker.h"
#include "protocol/entry.h"
#include "rpc/asio_loop.h"

namespace quire::bookie {
namespace {

using Clock = std::chrono::steady_clock;
using protocol::EntryId;
using protocol::LedgerId;

constexpr std::int64_t kLedgers = 64;  // written in turns, so that each segment has some of each
constexpr std::size_t kPayload = 1024;
constexpr auto kTick = std::chrono::milliseconds(1);

double Quantile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  return Quantile(values, 0.5);
}

struct Slice {
  std::vector<double> milliseconds;  // of each add, sorted
  std::uint64_t copied = 0;          // bytes
  std::uint64_t busy = 0;            // adds refused over a bound
  void Add(const Slice& other) {
    milliseconds.insert(milliseconds.end(), other.milliseconds.begin(), other.milliseconds.end());
    copied += other.copied;
    busy += other.busy;
  }
  double p50() const { return Quantile(milliseconds, 0.5); }
  double p99() const { return Quantile(milliseconds, 0.99); }
  double p999() const { return Quantile(milliseconds, 0.999); }
};

// The bookie and its load. The loop's thread, but for construction and the two that wait.
class Bookie {
 public:
  explicit Bookie(const std::string& path)
      : journal_disk_(Disk(path + "/journal")), segment_disk_(Disk(path + "/segments")) {
    ShardOptions options;
    options.store.cache_bytes = 16 << 20;  // a flush or more in each slice
    options.store.index_path = path + "/index";
    options.store.may_begin = true;
    options.store.compaction.interval = std::chrono::hours(1);  // when it is told to
    options.min_free_bytes = 0;
    shard_ = std::make_unique<Shard>(loop_, protocol::BookieId{.high = 1, .low = 1},
                                     ShardResources{.journal_disk = *journal_disk_,
                                                    .store_disk = *segment_disk_,
                                                    .journal_worker = journal_,
                                                    .flush_worker = flush_,
                                                    .readers = {&reader_},
                                                    .compaction_worker = &compaction_},
                                     options, Log(), Shard::Events{});
    RunOn(loop_, [this] {
      const auto opened = shard_->Open(RealStorage());
      QUIRE_CHECK(opened.has_value());
      shard_->Start();
    });
  }
  ~Bookie() {
    RunOn(loop_, [this] { shard_.reset(); });
  }
  Bookie(const Bookie&) = delete;
  Bookie& operator=(const Bookie&) = delete;

  // Writes so many bytes and deletes three ledgers of four.
  void MakeGarbage(std::uint64_t bytes) {
    constexpr std::uint64_t kFrame = 256;
    for (std::uint64_t left = bytes / kPayload; left > 0; left -= std::min(left, kFrame)) {
      while (RunOn(loop_, [this] { return under_way_ > 4096 || !shard_->Accepting(); })) {
        std::this_thread::sleep_for(kTick);
      }
      RunOn(loop_, [this] { Send(kFrame, Clock::now()); });
    }
    RunOn(loop_, [this] {
      for (std::int64_t ledger = 0; ledger < kLedgers; ++ledger) {
        if (ledger % 4 > 0) shard_->Drop(LedgerId(ledger));
      }
      first_ledger_ = kLedgers;
      next_.assign(kLedgers, EntryId(0));
    });
    Drain();
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }

  Slice Run(double seconds, double rate, bool compact) {
    const std::uint64_t copied = RunOn(loop_, [&] {
      done_.clear();
      busy_ = 0;
      shard_->compactor()->SetPaused(!compact);
      if (compact) shard_->compactor()->Trigger();  // unless a round only goes on
      begun_ = Clock::now();
      sent_ = 0;
      rate_ = rate;
      Tick();
      return shard_->compactor()->stats().copied_bytes;
    });
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    Slice slice;
    RunOn(loop_, [&] {
      rate_ = 0;
      slice.copied = shard_->compactor()->stats().copied_bytes - copied;
      shard_->compactor()->SetPaused(true);
    });
    Drain();
    RunOn(loop_, [&] {
      slice.milliseconds = std::move(done_);
      slice.busy = std::exchange(busy_, 0);
    });
    std::ranges::sort(slice.milliseconds);
    return slice;
  }

 private:
  static std::unique_ptr<common::Disk> Disk(const std::string& path) {
    auto disk = common::PosixDisk::Create(path);
    QUIRE_CHECK(disk.has_value());
    return *std::move(disk);
  }

  void Drain() {
    while (RunOn(loop_, [this] { return under_way_ > 0; })) std::this_thread::sleep_for(kTick);
  }

  // Sends what is due by now, and goes on in a millisecond.
  void Tick() {
    if (rate_ == 0) return;
    const double passed = std::chrono::duration<double>(Clock::now() - begun_).count();
    const auto due = static_cast<std::uint64_t>(passed * rate_);
    if (due > sent_) {
      const auto when =
          begun_ + std::chrono::duration_cast<Clock::duration>(
                       std::chrono::duration<double>(static_cast<double>(sent_) / rate_));
      Send(due - sent_, when);
      sent_ = due;
    }
    loop_.After(kTick, [this] { Tick(); });
  }

  void Send(std::uint64_t count, Clock::time_point due) {
    std::vector<std::string> entries;
    std::vector<protocol::Add> adds;
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto slot = static_cast<std::size_t>(turn_++ % kLedgers);
      entries.emplace_back();
      protocol::EncodeEntry({.ledger = LedgerId(first_ledger_ + static_cast<std::int64_t>(slot)),
                             .entry = next_[slot],
                             .lac = next_[slot] - 1,
                             .length = 0},
                            payload_, entries.back());
      next_[slot] = next_[slot] + 1;
    }
    for (const std::string& entry : entries) adds.push_back({.entry = entry, .key = kKey});
    under_way_ += count;
    shard_->Add(adds, [this, due](const std::vector<protocol::Code>& codes) {
      under_way_ -= codes.size();
      busy_ += static_cast<std::uint64_t>(std::ranges::count(codes, protocol::Code::kBusy));
      const std::chrono::duration<double, std::milli> took = Clock::now() - due;
      done_.insert(done_.end(), codes.size(), took.count());
    });
  }

  static constexpr protocol::LedgerKey kKey{.high = 7, .low = 7};

  const std::string payload_ = std::string(kPayload, 'p');
  const std::unique_ptr<common::Disk> journal_disk_;
  const std::unique_ptr<common::Disk> segment_disk_;
  common::ThreadWorker journal_{"journal"};
  common::ThreadWorker flush_{"flush"};
  common::ThreadWorker reader_{"read"};
  common::ThreadWorker compaction_{"compact"};
  rpc::AsioLoop loop_{"loop"};
  std::unique_ptr<Shard> shard_;

  std::int64_t first_ledger_ = 0;
  std::vector<EntryId> next_ = std::vector<EntryId>(kLedgers, EntryId(0));
  std::uint64_t turn_ = 0;
  std::uint64_t under_way_ = 0;
  std::uint64_t busy_ = 0;  // adds that were refused, for the bookie was over a bound
  Clock::time_point begun_;
  std::uint64_t sent_ = 0;
  double rate_ = 0;
  std::vector<double> done_;
};

void Print(const char* name, const Slice& slice) {
  std::printf("%-8s p50 %6.2f  p99 %6.2f  p99.9 %6.2f ms, %3.0f MiB copied", name, slice.p50(),
              slice.p99(), slice.p999(), static_cast<double>(slice.copied) / (1 << 20));
  if (slice.busy > 0) std::printf(", %llu refused", static_cast<unsigned long long>(slice.busy));
}

int Main(const std::string& path, int turns, double seconds, double rate) {
  if (!std::filesystem::is_empty(path)) {
    std::fprintf(stderr, "%s is not empty\n", path.c_str());
    return 2;
  }
  std::filesystem::create_directory(path + "/index");
  Bookie bookie(path);
  const auto copied = static_cast<std::uint64_t>(CompactionOptions().bytes_per_second *
                                                 static_cast<double>(turns + 1) * seconds);
  bookie.MakeGarbage(4 * copied);
  (void)bookie.Run(seconds, rate, false);  // until files are recycled
  // A second kind of slice without compaction shows what the disk's moods alone make of the ratio.
  constexpr std::array kNames = {"compacts", "rests", "rests"};
  constexpr std::array<std::array<std::size_t, 3>, 6> kOrders = {
      {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {2, 0, 1}, {1, 2, 0}, {2, 1, 0}}};
  std::array<Slice, kNames.size()> all;
  std::array<std::vector<double>, kNames.size()> ratios;  // to the one in the middle
  for (int turn = 0; turn < turns; ++turn) {
    std::array<Slice, kNames.size()> slices;
    for (std::size_t i = 0; i < slices.size(); ++i) {
      // In all orders, so that none is behind another more often.
      const std::size_t which = kOrders[static_cast<std::size_t>(turn) % kOrders.size()][i];
      slices[which] = bookie.Run(seconds, rate, which == 0);
    }
    for (std::size_t i = 0; i < slices.size(); ++i) {
      Print(kNames[i], slices[i]);
      std::printf(i + 1 < slices.size() ? " | " : "\n");
      ratios[i].push_back(slices[i].p99() / slices[1].p99());
      all[i].Add(slices[i]);
    }
    std::fflush(stdout);
  }
  std::printf("all together, %.0f adds/s of 1 KiB:\n", rate);
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::ranges::sort(all[i].milliseconds);
    Print(kNames[i], all[i]);
    std::printf("\n");
  }
  const auto compare = [&](const char* what, std::size_t i) {
    std::printf("p99, %s: %.2f of all adds, %.2f the median of %d turns\n", what,
                all[i].p99() / all[1].p99(), Median(ratios[i]), turns);
  };
  compare("compacts to rests", 0);
  compare("rests to rests", 2);
  return 0;
}

}  // namespace
}  // namespace quire::bookie

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s DIRECTORY [turns] [seconds of a slice] [adds per second]\n",
                 argv[0]);
    return 2;
  }
  return quire::bookie::Main(argv[1], argc > 2 ? std::atoi(argv[2]) : 100,
                             argc > 3 ? std::atof(argv[3]) : 0.25,
                             argc > 4 ? std::atof(argv[4]) : 8000);
}
