// How near the journal comes to the device: 1 KB records with so many outstanding, against raw
// direct synchronous writes of the same size over a file that was written before, in the same run.
// The directory should be empty.
//
//   journal_benchmark DIRECTORY [seconds per row]
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bookie/journal.h"
#include "bookie/journal_format.h"
#include "common/aligned_buffer.h"
#include "common/posix_disk.h"
#include "common/worker.h"

namespace quire::bookie {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kRecordPayload = 1024;
const JournalOptions kOptions{.file_bytes = 64 << 20, .spare_files = 4};

class BenchmarkLoop final : public common::Loop {
 public:
  common::TimePoint Now() const override { return Clock::now(); }
  void Post(common::Task task) override {
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    posted_.notify_one();
  }
  TimerId After(common::Duration, common::Task) override { std::abort(); }
  void Cancel(TimerId) override { std::abort(); }
  void RunOne() {
    std::unique_lock lock(mutex_);
    posted_.wait(lock, [this] { return !tasks_.empty(); });
    common::Task task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
  }

 private:
  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<common::Task> tasks_;
};

double CpuSeconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

[[noreturn]] void Die(const common::Error& error) {
  std::fprintf(stderr, "%s\n", error.ToString().c_str());
  std::exit(1);
}

// Records, and what they cost, in one slice of time.
struct Slice {
  double records_per_second = 0;
  double cpu_us = 0;
  double records_per_write = 0;
};

double Median(std::vector<double> values, double share = 0.5) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

// Keeps `depth` records outstanding, given in frames as clients send them. The index is taken to
// follow at once, so that files recycle.
class JournalLoad {
 public:
  JournalLoad(common::Disk& disk, std::size_t depth, Lsn stored)
      : depth_(depth), worker_(std::in_place, "journal") {
    auto opened =
        Journal::Open(disk, loop_, *worker_, kOptions, stored,
                      [](Lsn, RecordType, std::string_view) { return common::Result<void>{}; },
                      {.durable =
                           [this](Lsn lsn) {
                             durable_ = lsn;
                             ++commits_;
                           },
                       .failed = [](const common::Error& error) { Die(error); }});
    if (!opened) Die(opened.error());
    journal_ = std::move(*opened);
    durable_ = acked_ = trimmed_ = journal_->last();
  }

  Slice Run(double seconds) {
    const double cpu = CpuSeconds();
    const Lsn first = acked_;
    const std::uint64_t first_commit = commits_;
    const auto start = Clock::now();
    auto now = start;
    while (std::chrono::duration<double>(now - start).count() < seconds) Turn(now);
    const auto count = static_cast<double>(acked_ - first);
    const Slice slice{
        .records_per_second = count / std::chrono::duration<double>(now - start).count(),
        .cpu_us = (CpuSeconds() - cpu) * 1e6 / count,
        .records_per_write = count / static_cast<double>(commits_ - first_commit)};
    while (durable_ < journal_->last()) loop_.RunOne();  // the disk is idle for what comes next
    begun_.clear();
    acked_ = durable_;
    return slice;
  }

  std::vector<double>& latencies() { return latencies_; }

  // Ends it; returns what the next one may take as stored.
  Lsn Stop() {
    journal_.reset();
    worker_.reset();
    return durable_;
  }

 private:
  void Turn(Clock::time_point& now) {
    for (std::size_t frame = 0; journal_->last() - durable_ < depth_;) {
      begun_.push_back(now);
      journal_->Append(RecordType::kEntry, parts_);
      if (++frame % kFrameRecords == 0) journal_->Kick();
    }
    journal_->Kick();
    loop_.RunOne();
    now = Clock::now();
    for (; acked_ < durable_; ++acked_) {
      latencies_.push_back(std::chrono::duration<double, std::micro>(now - begun_.front()).count());
      begun_.pop_front();
    }
    if (durable_ - trimmed_ > 50'000) journal_->Trim(trimmed_ = durable_);
  }

  static constexpr std::size_t kFrameRecords = 64;

  const std::size_t depth_;
  const std::string payload_ = std::string(kRecordPayload, 'p');
  const std::array<std::string_view, 1> parts_{payload_};
  BenchmarkLoop loop_;
  std::optional<common::ThreadWorker> worker_;
  std::unique_ptr<Journal> journal_;
  Lsn durable_ = 0;
  Lsn acked_ = 0;
  Lsn trimmed_ = 0;
  std::uint64_t commits_ = 0;
  std::deque<Clock::time_point> begun_;
  std::vector<double> latencies_;
};

// One thread, nothing but direct synchronous writes over a file that was written before: what the
// device gives for batches of that many records.
class RawLoad {
 public:
  explicit RawLoad(const std::string& directory)
      : path_(directory + "/raw-benchmark"),
        fd_(::open(path_.c_str(), O_RDWR | O_CREAT | O_DIRECT | O_DSYNC | O_CLOEXEC, 0644)) {
    if (fd_ < 0) Fail();
    std::ranges::fill(std::span(buffer_.Extend(kMaxBatchBytes), kMaxBatchBytes), 'r');
    for (std::uint64_t at = 0; at < kOptions.file_bytes; at += 1 << 20) Write(at, 1 << 20);
  }
  ~RawLoad() {
    ::close(fd_);
    ::unlink(path_.c_str());
  }
  RawLoad(const RawLoad&) = delete;
  RawLoad& operator=(const RawLoad&) = delete;

  Slice Run(double records_per_write, double seconds) {
    const auto bytes = static_cast<std::size_t>(BatchDiskBytes(
        static_cast<std::uint64_t>(records_per_write * (kRecordPayload + kJournalRecordBytes))));
    const double cpu = CpuSeconds();
    const auto start = Clock::now();
    std::uint64_t writes = 0;
    double took = 0;
    while (took < seconds) {
      if (offset_ + bytes > kOptions.file_bytes) offset_ = 0;
      Write(offset_, bytes);
      offset_ += bytes;
      ++writes;
      took = std::chrono::duration<double>(Clock::now() - start).count();
    }
    const double records = static_cast<double>(writes) * records_per_write;
    return {.records_per_second = records / took,
            .cpu_us = (CpuSeconds() - cpu) * 1e6 / records,
            .records_per_write = records_per_write};
  }

 private:
  [[noreturn]] void Fail() {
    std::perror(path_.c_str());
    std::exit(1);
  }
  void Write(std::uint64_t offset, std::size_t count) {
    if (::pwrite(fd_, buffer_.data(), count, static_cast<off_t>(offset)) !=
        static_cast<ssize_t>(count)) {
      Fail();
    }
  }

  const std::string path_;
  const int fd_;
  common::AlignedBuffer buffer_;
  std::uint64_t offset_ = 0;
};

// Short slices of the journal and of raw writes in turn, and the medians: a device that is slower
// for a while is so for both.
void RunRow(common::Disk& disk, const std::string& directory, std::size_t depth, double seconds,
            Lsn& stored) {
  constexpr double kSlice = 0.1;
  JournalLoad journal(disk, depth, stored);
  RawLoad raw(directory);
  for (int i = 0; i < 10; ++i) (void)journal.Run(kSlice);  // until files are recycled
  journal.latencies().clear();
  std::vector<double> rates;
  std::vector<double> cpu;
  std::vector<double> batch;
  std::vector<double> raw_rates;
  std::vector<double> raw_cpu;
  std::vector<double> ratios;
  const int slices = std::max(1, static_cast<int>(seconds / (2 * kSlice)));
  for (int i = 0; i < slices; ++i) {
    const Slice ours = journal.Run(kSlice);
    const Slice theirs = raw.Run(ours.records_per_write, kSlice);
    rates.push_back(ours.records_per_second);
    cpu.push_back(ours.cpu_us);
    batch.push_back(ours.records_per_write);
    raw_rates.push_back(theirs.records_per_second);
    raw_cpu.push_back(theirs.cpu_us);
    ratios.push_back(ours.records_per_second / theirs.records_per_second);
  }
  stored = journal.Stop();
  std::printf("%6zu %12.0f %9.1f %9.0f %9.0f %9.2f | %12.0f %9.2f | %5.1f%%\n", depth,
              Median(rates), Median(batch), Median(journal.latencies()),
              Median(journal.latencies(), 0.99), Median(cpu), Median(raw_rates), Median(raw_cpu),
              100 * Median(ratios));
  std::fflush(stdout);
}

int Main(const std::string& directory, double seconds) {
  auto disk = common::PosixDisk::Create(directory);
  if (!disk) Die(disk.error());
  std::printf("%s, direct I/O: %s\n", directory.c_str(), (*disk)->direct() ? "yes" : "no");
  std::printf("%6s %12s %9s %9s %9s %9s | %12s %9s | %6s\n", "depth", "records/s", "rec/write",
              "p50 us", "p99 us", "cpu us", "raw rec/s", "cpu us", "ratio");
  Lsn stored = 0;
  for (const std::size_t depth : {1, 64, 256, 1024}) {
    RunRow(**disk, directory, depth, seconds, stored);
  }
  return 0;
}

}  // namespace
}  // namespace quire::bookie

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s DIRECTORY [seconds per row]\n", argv[0]);
    return 2;
  }
  return quire::bookie::Main(argv[1], argc > 2 ? std::atof(argv[2]) : 4);
}
