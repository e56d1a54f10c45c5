#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client/client.h"
#include "common/error.h"
#include "tools/bench_options.h"

namespace quire::tools {

// The clients of a benchmark and the ledgers that each of them writes. Main thread.
class BenchLedgers {
 public:
  struct Writing {
    std::unique_ptr<client::Client> client;
    std::vector<std::unique_ptr<client::LedgerWriter>> ledgers;
  };

  // Connects options.writers clients and creates options.ledgers ledgers, spread over them.
  static common::Result<std::unique_ptr<BenchLedgers>> Create(const std::string& metadata_uri,
                                                              const BenchOptions& options);

  std::vector<Writing>& writing() { return writing_; }
  // All of them.
  std::vector<protocol::LedgerId> ids() const;

  // Appends `entries` of the options' size, spread over the ledgers.
  common::Result<void> Fill(const BenchOptions& options, std::int64_t entries);
  common::Result<void> Close();
  // What fails is told as a warning. After Close, or the ledgers are left open for nobody.
  void Delete();

 private:
  using Each = std::function<common::Result<void>(Writing&, std::size_t)>;
  // For every ledger, several at once: one at a time would wait for ZooKeeper most of the time.
  common::Result<void> ForEach(const Each& each);

  std::vector<Writing> writing_;
};

// A new ledger of the options' replication, whose writer holds a whole window.
common::Result<std::unique_ptr<client::LedgerWriter>> CreateBenchLedger(
    client::Client& client, const BenchOptions& options);

// Bytes that no layer can make smaller.
std::string Noise(std::size_t size);

}  // namespace quire::tools
