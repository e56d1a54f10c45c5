// Figures of the store on a real directory: what an add costs the loop, what a flush costs and
// writes, what a sequential batch read gives. Not a test; run by hand:
//   store_benchmark [directory] [entries of 1 KiB per round] [rounds]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "bookie/store.h"
#include "common/posix_disk.h"
#include "common/worker.h"
#include "protocol/entry.h"
#include "tests/bookie/store_fixture.h"
#include "tests/support/thread_loop.h"

namespace quire::bookie {
namespace {

using protocol::EntryId;
using protocol::LedgerId;

constexpr std::int64_t kLedgers = 16;

double Seconds(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

class Benchmark {
 public:
  Benchmark(Store& store, testing::ThreadLoop& loop, std::int64_t entries)
      : store_(store), loop_(loop), entries_(entries), bytes_(MakeEntry(0, 0, 1024)) {}

  void Round() {
    const double add = loop_.Run([this] { return Add(); });
    const double cpu = Seconds(CLOCK_PROCESS_CPUTIME_ID);
    const double start = Seconds(CLOCK_MONOTONIC);
    Flush(lsn_);
    const double flush = Seconds(CLOCK_MONOTONIC) - start;
    const double flush_cpu = Seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    const double read_cpu_start = Seconds(CLOCK_PROCESS_CPUTIME_ID);
    const double read_start = Seconds(CLOCK_MONOTONIC);
    const std::int64_t read = ReadAll();
    const double read_time = Seconds(CLOCK_MONOTONIC) - read_start;
    const double read_cpu = Seconds(CLOCK_PROCESS_CPUTIME_ID) - read_cpu_start;
    const auto count = static_cast<double>(entries_);
    std::printf(
        "add %4.0f ns CPU/entry | flush %5.0f MB/s, %4.2f us CPU/entry | "
        "read %5.0f k entries/s, %4.2f us CPU/entry\n",
        add / count * 1e9, count * static_cast<double>(bytes_.size()) / flush / 1e6,
        flush_cpu / count * 1e6, static_cast<double>(read) / read_time / 1e3,
        read_cpu / static_cast<double>(read) * 1e6);
  }

  // A commit of one state and nothing else.
  void SmallCommits() {
    constexpr int kCommits = 50;
    const double cpu = Seconds(CLOCK_PROCESS_CPUTIME_ID);
    const double start = Seconds(CLOCK_MONOTONIC);
    for (int i = 0; i < kCommits; ++i) Flush(++lsn_);
    std::printf("empty commit %.2f ms, %.2f ms CPU\n",
                (Seconds(CLOCK_MONOTONIC) - start) / kCommits * 1e3,
                (Seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / kCommits * 1e3);
  }

 private:
  // Loop thread: entries of several ledgers in turns of a frame's worth, as adds arrive.
  double Add() {
    constexpr std::int64_t kFrame = 32;
    next_.resize(kLedgers);
    // Encoding is not what is measured, so every entry carries the same payload and a sealed
    // header.
    std::vector<std::string> encoded;
    double total = 0;
    for (std::int64_t done = 0; done < entries_;) {
      const std::int64_t ledger = done / kFrame % kLedgers;
      std::int64_t& next = next_[static_cast<std::size_t>(ledger)];
      encoded.clear();
      for (std::int64_t i = 0; i < kFrame; ++i) {
        encoded.push_back(bytes_);
        protocol::SealEntry({.ledger = LedgerId(ledger), .entry = EntryId(next + i)},
                            encoded.back());
      }
      const double start = Seconds(CLOCK_THREAD_CPUTIME_ID);
      for (const std::string& bytes : encoded) {
        store_.Add(LedgerId(ledger), EntryId(next++), bytes, Copies::kNone);
      }
      total += Seconds(CLOCK_THREAD_CPUTIME_ID) - start;
      done += kFrame;
      lsn_ += kFrame;
    }
    return total;
  }

  void Flush(Lsn lsn) {
    const auto outcome = loop_.Await<void>([&](common::Callback<common::Result<void>> done) {
      store_.JournalDurable(lsn);
      Store::Commit commit{.lsn = lsn};
      commit.states.emplace_back(LedgerId(0), LedgerState{});
      store_.Flush(std::move(commit), std::move(done));
    });
    QUIRE_CHECK(outcome.has_value());
  }

  // The entries of this round, 256 in a call, one call at a time per ledger.
  std::int64_t ReadAll() {
    std::int64_t read = 0;
    for (std::int64_t ledger = 0; ledger < kLedgers; ++ledger) {
      const std::int64_t end = next_[static_cast<std::size_t>(ledger)];
      for (std::int64_t first = end - entries_ / kLedgers; first < end; first += 256) {
        std::vector<EntryId> ids;
        for (std::int64_t id = first; id < std::min(end, first + 256); ++id) ids.emplace_back(id);
        const auto answers = loop_.Await<std::vector<protocol::EntryAnswer>>([&](auto done) {
          store_.Read(LedgerId(ledger), ids, 1 << 30,
                      [done = std::move(done)](std::vector<protocol::EntryAnswer> got) mutable {
                        done(std::move(got));
                      });
        });
        for (const auto& answer : *answers) {
          QUIRE_CHECK(answer.code == protocol::Code::kOk);
          ++read;
        }
      }
    }
    return read;
  }

  Store& store_;
  testing::ThreadLoop& loop_;
  const std::int64_t entries_;
  const std::string bytes_;
  std::vector<std::int64_t> next_;
  Lsn lsn_ = 0;
};

}  // namespace
}  // namespace quire::bookie

int main(int argc, char** argv) {
  using namespace quire;
  const bookie::TempDirectory temporary;
  const std::string path = argc > 1 ? argv[1] : temporary.path();
  const std::int64_t entries = argc > 2 ? std::atoll(argv[2]) : 64 * 1024;
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 6;
  auto disk = common::PosixDisk::Create(path);
  QUIRE_CHECK(disk.has_value());
  testing::ThreadLoop loop;
  common::ThreadWorker flush("flush");
  common::ThreadWorker reader("read");
  auto store = bookie::Store::Open(
      **disk, loop, flush, {&reader},
      {.cache_bytes = 1 << 30, .index_path = path + "/index", .may_begin = true});
  if (!store) {
    std::fprintf(stderr, "%s\n", store.error().ToString().c_str());
    return 1;
  }
  QUIRE_CHECK((*store)->stored() == 0);  // a fresh directory
  std::printf("%s, direct I/O %s\n", path.c_str(), (*disk)->direct() ? "yes" : "no");
  bookie::Benchmark benchmark(**store, loop, entries);
  for (int i = 0; i < rounds; ++i) benchmark.Round();
  benchmark.SmallCommits();
  loop.Run([&] { store->reset(); });
  return 0;
}
