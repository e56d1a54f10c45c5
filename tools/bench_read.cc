#include "tools/bench_read.h"

#include <cstring>

#include "client/client.h"
#include "common/random.h"
#include "tools/load_threads.h"

namespace quire::tools {

using client::Client;
using client::LedgerReader;
using common::Fail;
using common::Result;
using protocol::EntryId;
using protocol::LedgerId;

namespace {

using Clock = std::chrono::steady_clock;

// How long a reader waits for news before it looks whether it should stop.
constexpr auto kNewsBound = std::chrono::milliseconds(200);

class ReadLoad final : public Load {
 public:
  ReadLoad(std::string uri, std::vector<LedgerId> ids, const BenchOptions& options)
      : uri_(std::move(uri)), ids_(std::move(ids)), options_(options) {}

  void Begin() override {
    threads_.Begin(options_.readers,
                   [this](int thread) { return Run(static_cast<std::size_t>(thread)); });
  }
  bool failed() const override { return threads_.failed(); }
  std::optional<common::Error> End() override { return threads_.End(); }

 private:
  Result<void> Run(std::size_t thread) {
    auto client = Client::Connect(uri_);
    if (!client) return Fail(std::move(client).error());
    common::Random random = common::SystemRandom();
    for (std::size_t turn = thread; !threads_.stopping(); ++turn) {
      auto reader = (*client)->OpenLedger(ids_[turn % ids_.size()]);
      if (!reader) return Fail(std::move(reader).error());
      switch (options_.pattern) {
        case ReadPattern::kSequential: QUIRE_TRY(ReadThrough(**reader)); break;
        case ReadPattern::kRandom: QUIRE_TRY(ReadRandomly(**reader, random)); break;
        case ReadPattern::kTail: QUIRE_TRY(Follow(**reader, (*reader)->progress().lac + 1)); break;
        case ReadPattern::kCatchUp: QUIRE_TRY(Follow(**reader, EntryId(0))); break;
      }
    }
    return {};
  }

  Result<std::vector<client::Entry>> ReadSome(LedgerReader& reader, EntryId first, EntryId last) {
    const auto begun = Clock::now();
    auto entries = reader.Read(first, std::min(last, first + (options_.batch - 1)));
    if (!entries || options_.pattern == ReadPattern::kTail) return entries;
    std::int64_t bytes = 0;
    for (const auto& entry : *entries) bytes += static_cast<std::int64_t>(entry.payload().size());
    meter().Record(Clock::now() - begun, static_cast<std::int64_t>(entries->size()), bytes);
    return entries;
  }

  Result<void> ReadThrough(LedgerReader& reader) {
    const EntryId last = reader.progress().lac;
    for (EntryId next(0); next <= last && !threads_.stopping();) {
      auto entries = ReadSome(reader, next, last);
      if (!entries) return Fail(std::move(entries).error());
      next = entries->back().id() + 1;
    }
    return {};
  }

  // As many as the ledger has, then the next ledger.
  Result<void> ReadRandomly(LedgerReader& reader, common::Random& random) {
    const EntryId last = reader.progress().lac;
    const auto count = static_cast<std::uint64_t>(last.value()) + 1;
    for (std::uint64_t i = 0; i < count && !threads_.stopping(); ++i) {
      const EntryId wanted(static_cast<std::int64_t>(common::Below(random, count)));
      if (auto entries = ReadSome(reader, wanted, wanted); !entries) {
        return Fail(std::move(entries).error());
      }
    }
    return {};
  }

  Result<void> Follow(LedgerReader& reader, EntryId next) {
    EntryId last = reader.progress().lac;
    while (!threads_.stopping()) {
      if (next > last) {
        const auto news = reader.Wait(last, kNewsBound);
        if (!news) return Fail(news.error());
        if (news->lac <= last && news->closed) return {};
        last = news->lac;
        continue;
      }
      auto entries = ReadSome(reader, next, last);
      if (!entries) return Fail(std::move(entries).error());
      if (options_.pattern == ReadPattern::kTail) NoteDelivered(*entries);
      next = entries->back().id() + 1;
    }
    return {};
  }

  void NoteDelivered(const std::vector<client::Entry>& entries) {
    const auto now = Clock::now();
    for (const auto& entry : entries) {
      std::int64_t stamp = 0;
      if (entry.payload().size() < sizeof(stamp)) continue;
      std::memcpy(&stamp, entry.payload().data(), sizeof(stamp));
      meter().Record(now.time_since_epoch() - std::chrono::nanoseconds(stamp), 1,
                     static_cast<std::int64_t>(entry.payload().size()));
    }
  }

  const std::string uri_;
  const std::vector<LedgerId> ids_;
  const BenchOptions options_;
  LoadThreads threads_;
};

}  // namespace

std::unique_ptr<Load> MakeReadLoad(std::string metadata_uri, std::vector<LedgerId> ids,
                                   const BenchOptions& options) {
  return std::make_unique<ReadLoad>(std::move(metadata_uri), std::move(ids), options);
}

}  // namespace quire::tools
