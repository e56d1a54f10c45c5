#include "tools/bench_churn.h"

#include <atomic>
#include <thread>
#include <vector>

#include "client/client.h"
#include "tools/bench_ledgers.h"
#include "tools/first_error.h"

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
    for (int i = 0; i < options_.writers; ++i) {
      threads_.emplace_back([this] {
        if (auto done = Run(); !done) error_.Note(done.error());
      });
    }
  }
  bool failed() const override { return error_.any(); }
  std::optional<common::Error> End() override {
    stop_ = true;
    threads_.clear();
    return error_.error();
  }

 private:
  Result<void> Run() {
    auto client = Client::Connect(uri_);
    if (!client) return Fail(std::move(client).error());
    while (!stop_) {
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
        if (!result.ok()) error_.Note(result.error());
      });
    }
    QUIRE_TRY((*writer)->Close());  // waits for the appends
    return client.DeleteLedger((*writer)->id());
  }

  const std::string uri_;
  const BenchOptions options_;
  const std::string payload_;
  std::atomic<bool> stop_ = false;
  FirstError error_;
  std::vector<std::jthread> threads_;
};

}  // namespace

std::unique_ptr<Load> MakeChurnLoad(std::string metadata_uri, const BenchOptions& options) {
  return std::make_unique<ChurnLoad>(std::move(metadata_uri), options);
}

}  // namespace quire::tools
