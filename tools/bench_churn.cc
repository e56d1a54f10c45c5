#include "tools/bench_churn.h"

#include "client/client.h"
#include "tools/bench_ledgers.h"
#include "tools/load_threads.h"

namespace quire::tools {

using client::AppendResult;
using client::Client;
using common::Fail;
using common::Result;

namespace {

using Clock = std::chrono::steady_clock;

class ChurnLoad final : public Load {
 public:
  ChurnLoad(std::string uri, const BenchOptions& options)
      : uri_(std::move(uri)),
        options_(options),
        payload_(Noise(static_cast<std::size_t>(options.entry_bytes))) {}

  void Begin() override {
    threads_.Begin(options_.writers, [this](int) { return Run(); });
  }
  bool failed() const override { return threads_.failed(); }
  std::optional<common::Error> End() override { return threads_.End(); }

 private:
  Result<void> Run() {
    auto client = Client::Connect(uri_);
    if (!client) return Fail(std::move(client).error());
    while (!threads_.stopping()) {
      const auto begun = Clock::now();
      QUIRE_TRY(OneLife(**client));
      meter().Record(Clock::now() - begun, 1,
                     options_.batch * static_cast<std::int64_t>(payload_.size()));
    }
    return {};
  }

  Result<void> OneLife(Client& client) {
    auto writer = client.CreateLedger({.replication = options_.replication, .custom = {}});
    if (!writer) return Fail(std::move(writer).error());
    for (std::int64_t i = 0; i < options_.batch; ++i) {
      (*writer)->AppendAsync(payload_, [this](const AppendResult& result) {
        if (!result.ok()) threads_.Note(result.error());
      });
    }
    QUIRE_TRY((*writer)->Close());  // waits for the appends
    return client.DeleteLedger((*writer)->id());
  }

  const std::string uri_;
  const BenchOptions options_;
  const std::string payload_;
  LoadThreads threads_;
};

}  // namespace

std::unique_ptr<Load> MakeChurnLoad(std::string metadata_uri, const BenchOptions& options) {
  return std::make_unique<ChurnLoad>(std::move(metadata_uri), options);
}

}  // namespace quire::tools
