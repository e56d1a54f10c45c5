#include "tools/ledger_roller.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "tools/console.h"

namespace quire::tools {

using common::Fail;
using common::Result;

namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

void LedgerRoller::Begin(std::vector<BenchLedgers::Writing*> clients) {
  if (options_.roll_seconds <= 0) return;
  thread_ = std::jthread(
      [this, clients = std::move(clients)](const std::stop_token& stop) { Run(stop, clients); });
}

void LedgerRoller::End() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  Say("rolled " + std::to_string(rolled()) + " ledgers");
}

void LedgerRoller::Run(const std::stop_token& stop,
                       const std::vector<BenchLedgers::Writing*>& clients) {
  std::vector<std::pair<BenchLedgers::Writing*, std::size_t>> places;
  for (BenchLedgers::Writing* client : clients) {
    for (std::size_t at = 0; at < client->ledgers.size(); ++at) places.emplace_back(client, at);
  }
  const auto pause = std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double>(options_.roll_seconds / static_cast<double>(places.size())));
  auto due = Clock::now();
  for (std::size_t next = 0;; next = (next + 1) % places.size()) {
    due = std::max(due + pause, Clock::now());
    {
      std::unique_lock lock(mutex_);
      taken_.wait_until(lock, stop, due, [] { return false; });
    }
    if (stop.stop_requested()) return;
    const auto& [client, at] = places[next];
    if (const auto rolled = Roll(stop, *client, at); !rolled) return error_.Note(rolled.error());
  }
}

Result<void> LedgerRoller::Roll(const std::stop_token& stop, BenchLedgers::Writing& client,
                                std::size_t at) {
  auto created = CreateBenchLedger(*client.client, options_);
  if (!created) return Fail(std::move(created).error());
  std::unique_lock lock(mutex_);
  place_ = at;
  writer_ = *std::move(created);
  offered_to_ = &client;
  const bool taken = taken_.wait(lock, stop, [this] { return offered_to_ == nullptr; });
  offered_to_ = nullptr;  // at the end nobody may have come for it: then the new one goes
  const Writer replaced = std::move(writer_);
  lock.unlock();
  QUIRE_TRY(replaced->Close());  // waits for its appends
  QUIRE_TRY(client.client->DeleteLedger(replaced->id()));
  if (taken) ++rolled_;
  return {};
}

void LedgerRoller::TakeOffered(BenchLedgers::Writing& client) {
  const std::lock_guard lock(mutex_);
  std::swap(client.ledgers[place_], writer_);
  offered_to_ = nullptr;
  taken_.notify_one();
}

}  // namespace quire::tools
