#include "tools/bench_append.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "client/client.h"
#include "common/random.h"
#include "tools/console.h"

namespace quire::tools {

using client::AppendResult;
using client::Client;
using client::LedgerWriter;
using common::Errc;
using common::Fail;
using common::Result;

namespace {

using Clock = std::chrono::steady_clock;

enum class Phase { kWarmUp, kMeasure, kStop };

// The window. What a completion touches belongs to the client's thread, except the atomics.
class ClosedLoop {
 public:
  ClosedLoop(std::vector<std::unique_ptr<LedgerWriter>>& writers, std::int64_t window,
             std::string payload)
      : payload_(std::move(payload)), slots_(static_cast<std::size_t>(window)) {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      slots_[i].loop = this;
      slots_[i].writer = writers[i % writers.size()].get();
    }
  }

  void Begin() {
    running_ = static_cast<std::int64_t>(slots_.size());
    for (Slot& slot : slots_) Issue(slot);
  }
  void Enter(Phase phase) { phase_.store(phase, std::memory_order_relaxed); }
  std::int64_t done() const { return done_.load(std::memory_order_relaxed); }
  bool failed() const { return failed_.load(std::memory_order_relaxed); }

  // After Enter(kStop): waits for the appends under way. The first error, if there was one.
  std::optional<common::Error> Finish() {
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [this] { return running_ == 0; });
    return error_;
  }
  const Histogram& histogram() const { return histogram_; }  // after Finish

 private:
  struct Slot {
    ClosedLoop* loop = nullptr;
    LedgerWriter* writer = nullptr;
    Clock::time_point begun;
  };

  void Issue(Slot& slot) {
    slot.begun = Clock::now();
    slot.writer->AppendAsync(
        payload_, [&slot](const AppendResult& result) { slot.loop->Done(slot, result); });
  }

  void Done(Slot& slot, const AppendResult& result) {
    const Phase phase = phase_.load(std::memory_order_relaxed);
    if (result.ok()) [[likely]] {
      done_.store(done_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
      if (phase == Phase::kMeasure) {
        histogram_.Record(static_cast<std::uint64_t>((Clock::now() - slot.begun).count()));
      }
      if (phase != Phase::kStop) return Issue(slot);
    }
    const std::lock_guard lock(mutex_);
    if (!result.ok() && !error_) {
      error_ = result.error();
      failed_.store(true, std::memory_order_relaxed);
    }
    if (--running_ == 0) ended_.notify_all();
  }

  const std::string payload_;
  std::vector<Slot> slots_;
  std::atomic<Phase> phase_ = Phase::kWarmUp;
  std::atomic<std::int64_t> done_ = 0;  // written by the client's thread only
  std::atomic<bool> failed_ = false;
  Histogram histogram_;

  std::mutex mutex_;
  std::condition_variable ended_;
  // Guarded by mutex_.
  std::int64_t running_ = 0;  // slots that still go round
  std::optional<common::Error> error_;
};

// Bytes that no layer can make smaller.
std::string Noise(std::size_t size) {
  common::Random random = common::SystemRandom();
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

// A line a second until the time is over, a failure or a signal.
void Watch(const ClosedLoop& loop, double seconds, const char* phase, StopSignals& signals) {
  const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                      std::chrono::duration<double>(seconds));
  std::int64_t before = loop.done();
  auto then = Clock::now();
  while (then < end && !loop.failed()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - then);
    if (signals.Wait(
            std::clamp(left, std::chrono::milliseconds(1), std::chrono::milliseconds(1000))))
      return;
    const auto now = Clock::now();
    const std::int64_t done = loop.done();
    const double rate =
        static_cast<double>(done - before) / std::chrono::duration<double>(now - then).count();
    Say(std::string(phase) + ": " + HumanCount(static_cast<std::int64_t>(rate)) + " appends/s");
    before = done;
    then = now;
  }
}

Result<BenchAppendResult> Measure(std::vector<std::unique_ptr<LedgerWriter>>& writers,
                                  const BenchAppendOptions& options, StopSignals& signals) {
  ClosedLoop loop(writers, options.window, Noise(static_cast<std::size_t>(options.entry_bytes)));
  loop.Begin();
  Watch(loop, options.warmup_seconds, "warm-up", signals);
  const std::int64_t before = loop.done();
  const auto begin = Clock::now();
  loop.Enter(Phase::kMeasure);
  Watch(loop, options.seconds, "bench", signals);
  BenchAppendResult result;
  result.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  result.entries = loop.done() - before;
  loop.Enter(Phase::kStop);
  if (auto error = loop.Finish()) return Fail(*std::move(error));
  if (signals.Requested()) return Fail(Errc::kShutdown, "interrupted");
  result.nanoseconds = loop.histogram();
  return result;
}

}  // namespace

Result<BenchAppendResult> BenchAppend(const std::string& metadata_uri,
                                      const BenchAppendOptions& options, StopSignals& signals) {
  QUIRE_TRY(options.replication.Check());
  auto client = Client::Connect(metadata_uri);
  if (!client) return Fail(std::move(client).error());
  std::vector<std::unique_ptr<LedgerWriter>> writers;
  Result<BenchAppendResult> result;
  for (std::int64_t i = 0; i < options.ledgers && result; ++i) {
    auto writer = (*client)->CreateLedger({.replication = options.replication, .custom = {}});
    if (writer)
      writers.push_back(*std::move(writer));
    else
      result = Fail(std::move(writer).error());
  }
  if (result) result = Measure(writers, options, signals);
  for (const auto& writer : writers) {
    if (auto closed = writer->Close(); !closed) Warn("bench: close: " + closed.error().ToString());
    if (auto deleted = (*client)->DeleteLedger(writer->id()); !deleted) {
      Warn("bench: delete: " + deleted.error().ToString());
    }
  }
  return result;
}

}  // namespace quire::tools
