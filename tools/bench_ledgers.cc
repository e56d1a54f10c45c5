#include "tools/bench_ledgers.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <thread>

#include "common/random.h"
#include "tools/console.h"
#include "tools/first_error.h"

namespace quire::tools {

using client::Client;
using client::LedgerWriter;
using common::Fail;
using common::Result;

namespace {

constexpr std::size_t kAtOnce = 16;  // metadata calls

// A window of large entries must fit: a closed loop appends from callbacks, which cannot wait.
std::size_t BudgetOf(const BenchOptions& options) {
  constexpr std::int64_t kAround = 256;  // what an append takes besides its payload
  return std::max(client::WriterOptions().max_pending_bytes,
                  static_cast<std::size_t>((options.window + 1) * (options.entry_bytes + kAround)));
}

}  // namespace

std::string Noise(std::size_t size) {
  common::Random random = common::SystemRandom();
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

Result<std::unique_ptr<LedgerWriter>> CreateBenchLedger(Client& client,
                                                        const BenchOptions& options) {
  return client.CreateLedger({.replication = options.replication, .custom = {}},
                             {.max_pending_bytes = BudgetOf(options)});
}

Result<void> BenchLedgers::ForEach(const Each& each) {
  std::vector<std::pair<Writing*, std::size_t>> all;
  for (Writing& writing : writing_) {
    for (std::size_t i = 0; i < writing.ledgers.size(); ++i) all.emplace_back(&writing, i);
  }
  std::atomic<std::size_t> next = 0;
  FirstError error;
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < std::min(kAtOnce, all.size()); ++i) {
    threads.emplace_back([&] {
      for (std::size_t at = next++; at < all.size() && !error.any(); at = next++) {
        if (auto done = each(*all[at].first, all[at].second); !done) error.Note(done.error());
      }
    });
  }
  threads.clear();
  if (error.any()) return Fail(*error.error());
  return {};
}

Result<std::unique_ptr<BenchLedgers>> BenchLedgers::Create(const std::string& metadata_uri,
                                                           const BenchOptions& options) {
  QUIRE_TRY(options.replication.Check());
  auto made = std::make_unique<BenchLedgers>();
  for (int i = 0; i < options.writers; ++i) {
    auto client = Client::Connect(metadata_uri);
    if (!client) return Fail(std::move(client).error());
    made->writing_.push_back({.client = *std::move(client), .ledgers = {}});
  }
  for (std::int64_t i = 0; i < options.ledgers; ++i) {
    made->writing_[static_cast<std::size_t>(i % options.writers)].ledgers.emplace_back();
  }
  QUIRE_TRY(made->ForEach([&](Writing& writing, std::size_t at) -> Result<void> {
    auto writer = CreateBenchLedger(*writing.client, options);
    if (!writer) return Fail(std::move(writer).error());
    writing.ledgers[at] = *std::move(writer);
    return {};
  }));
  return made;
}

std::vector<protocol::LedgerId> BenchLedgers::ids() const {
  std::vector<protocol::LedgerId> ids;
  for (const Writing& writing : writing_) {
    for (const auto& ledger : writing.ledgers) ids.push_back(ledger->id());
  }
  return ids;
}

Result<void> BenchLedgers::Fill(const BenchOptions& options, std::int64_t entries) {
  const std::string payload = Noise(static_cast<std::size_t>(options.entry_bytes));
  std::vector<LedgerWriter*> ledgers;
  for (const Writing& writing : writing_) {
    for (const auto& ledger : writing.ledgers) ledgers.push_back(ledger.get());
  }
  FirstError error;
  std::atomic<std::int64_t> ended = 0;
  std::int64_t begun = 0;
  for (; begun < entries && !error.any(); ++begun) {
    ledgers[static_cast<std::size_t>(begun) % ledgers.size()]->AppendAsync(
        payload, [&](const client::AppendResult& result) {
          if (!result.ok()) error.Note(result.error());
          ++ended;
          ended.notify_one();
        });
    // The writers' own budget is larger than what a small bookie likes to hold.
    for (auto seen = ended.load(); begun - seen >= options.window; seen = ended.load()) {
      ended.wait(seen);
    }
  }
  for (auto seen = ended.load(); seen < begun; seen = ended.load()) ended.wait(seen);
  if (error.any()) return Fail(*error.error());
  return {};
}

Result<void> BenchLedgers::Close() {
  return ForEach([](Writing& writing, std::size_t at) { return writing.ledgers[at]->Close(); });
}

void BenchLedgers::Delete() {
  const auto deleted = ForEach([](Writing& writing, std::size_t at) {
    return writing.client->DeleteLedger(writing.ledgers[at]->id());
  });
  if (!deleted) Warn("bench: delete: " + deleted.error().ToString());
}

}  // namespace quire::tools
