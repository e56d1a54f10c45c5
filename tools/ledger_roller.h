#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "tools/bench_ledgers.h"
#include "tools/first_error.h"

namespace quire::tools {

// Makes the ledgers of a load a log that is trimmed: every options.roll_seconds a new one comes in
// the place of each, spread over that time, and the old one is closed and deleted. Its own thread
// creates, closes and deletes; the thread that appends only exchanges one writer for another, so
// the load does not pause and no append meets a closed writer. One ledger after the other: with so
// many that their time is too short for it, each lives longer.
class LedgerRoller {
 public:
  // What fails is noted in `error` and ends the rolling.
  LedgerRoller(const BenchOptions& options, FirstError& error) : options_(options), error_(error) {}

  // Does nothing when roll_seconds is 0. Each of `clients` must go on to append until End, or the
  // others wait for it; they outlive this object.
  void Begin(std::vector<BenchLedgers::Writing*> clients);
  // The thread that appends with this client, before each append: what the client's `ledgers` were
  // before is not to be used any more.
  void Exchange(BenchLedgers::Writing& client) {
    if (offered_to_.load(std::memory_order_relaxed) == &client) [[unlikely]]
      TakeOffered(client);
  }
  // When nobody appends any more. Waits for the ledger that is being replaced.
  void End();

  // Ledgers that were replaced and are deleted. Any thread.
  std::int64_t rolled() const { return rolled_; }

 private:
  using Writer = std::unique_ptr<client::LedgerWriter>;

  void Run(const std::stop_token& stop, const std::vector<BenchLedgers::Writing*>& clients);
  common::Result<void> Roll(const std::stop_token& stop, BenchLedgers::Writing& client,
                            std::size_t at);
  void TakeOffered(BenchLedgers::Writing& client);

  const BenchOptions options_;
  FirstError& error_;
  std::atomic<std::int64_t> rolled_ = 0;

  std::mutex mutex_;
  std::condition_variable_any taken_;
  // Whose ledger is to be exchanged; null: nobody's. Changed under mutex_.
  std::atomic<BenchLedgers::Writing*> offered_to_ = nullptr;
  // Guarded by mutex_.
  std::size_t place_ = 0;  // of the ledger, in offered_to_->ledgers
  Writer writer_;          // the new one; once it is taken the old one
  std::jthread thread_;    // the last one: it uses all of them
};

}  // namespace quire::tools
