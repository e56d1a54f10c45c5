#include "tests/nemesis/writer_role.h"

#include <condition_variable>
#include <mutex>

#include "tests/nemesis/payload.h"

namespace quire::nemesis {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

namespace {

constexpr std::int64_t kMaxPayload = 600;
constexpr int kAppendsAfterTheEnd = 5;  // a handle that is fenced or broken refuses them

}  // namespace

// Shared with the callbacks, which may come after the writer is gone.
struct WriterRole::Flight {
  std::mutex mutex;
  std::condition_variable landed;
  std::int64_t pending = 0;  // guarded by mutex, as is `ended`
  bool ended = false;        // an append did not end well: the handle is of no more use
};

void WriterRole::Run() {
  while (!stage_.stopping()) WriteOneLedger();
}

std::unique_ptr<client::LedgerWriter> WriterRole::Create() {
  client::CreateOptions options;
  options.replication =
      stage_.Percent(70) ? protocol::Replication{3, 3, 2} : protocol::Replication{3, 2, 2};
  auto writer = stage_.client.CreateLedger(options);
  if (!writer) {
    stage_.history.WriteError("create-failed", {{"w", stage_.name}}, writer.error());
    stage_.Sleep(milliseconds(200));
    return nullptr;
  }
  stage_.history.Write("create", {{"w", stage_.name},
                                  {"l", (*writer)->id().value()},
                                  {"write_quorum", options.replication.write_quorum}});
  stage_.board.Announce((*writer)->id());
  return *std::move(writer);
}

void WriterRole::WriteOneLedger() {
  const auto writer = Create();
  if (!writer) return;
  const auto flight = std::make_shared<Flight>();
  AppendFor(*writer, flight, milliseconds(200 + stage_.Below(pace_.max_ms)));
  const std::int64_t ending = stage_.Below(100);
  if (ending < 25 && !stage_.stopping()) {
    stage_.history.Write("silent", {{"l", writer->id().value()}});
    stage_.Sleep(milliseconds(1000 + stage_.Below(6000)));
    AppendFor(*writer, flight, milliseconds(300));
  }
  {
    const std::lock_guard lock(flight->mutex);
    if (flight->ended) stage_.history.Write("ended", {{"l", writer->id().value()}});
  }
  for (int i = 0; i < kAppendsAfterTheEnd && stage_.Percent(30); ++i) Append(*writer, flight);
  if (stage_.Percent(65)) Close(*writer);
  for (int i = 0; i < kAppendsAfterTheEnd && stage_.Percent(30); ++i) Append(*writer, flight);
}

void WriterRole::AppendFor(client::LedgerWriter& writer, const std::shared_ptr<Flight>& flight,
                           milliseconds time) {
  // Bursts leave many appends under way when a fault comes between.
  const std::int64_t burst = stage_.Percent(40) ? 1 : 1 + stage_.Below(pace_.window);
  const auto interval = std::chrono::nanoseconds(std::chrono::seconds(1)) / pace_.rate * burst;
  const auto end = Clock::now() + time;
  for (auto next = Clock::now(); next < end && !stage_.stopping();) {
    {
      std::unique_lock lock(flight->mutex);
      const bool room = flight->landed.wait_for(
          lock, milliseconds(100), [&] { return flight->ended || flight->pending < pace_.window; });
      if (flight->ended) return;
      if (!room) {
        if (Clock::now() >= end) return;
        continue;
      }
    }
    for (std::int64_t i = 0; i < burst; ++i) Append(writer, flight);
    next = std::max(next + interval, Clock::now() - interval);
    std::this_thread::sleep_until(next);
  }
}

void WriterRole::Append(client::LedgerWriter& writer, const std::shared_ptr<Flight>& flight) {
  const std::int64_t seq = next_seq_++;
  const std::int64_t ledger = writer.id().value();
  const std::string payload = MakePayload(
      stage_.name, seq, static_cast<std::size_t>(stage_.Below(kMaxPayload)), stage_.random);
  stage_.history.Write("invoke", {{"l", ledger},
                                  {"w", stage_.name},
                                  {"s", seq},
                                  {"n", payload.size()},
                                  {"c", Crc32(payload)}});
  {
    const std::lock_guard lock(flight->mutex);
    ++flight->pending;
  }
  writer.AppendAsync(payload, [flight, ledger, seq, &history = stage_.history,
                               name = stage_.name](const client::AppendResult& result) {
    const nlohmann::json fields{
        {"l", ledger}, {"w", name}, {"s", seq}, {"id", result.entry().value()}};
    switch (result.outcome()) {
      case client::Outcome::kOk: history.Write("ok", fields); break;
      case client::Outcome::kFailed: history.WriteError("fail", fields, result.error()); break;
      case client::Outcome::kUnknown: history.WriteError("unknown", fields, result.error()); break;
    }
    const std::lock_guard lock(flight->mutex);
    --flight->pending;
    flight->ended = flight->ended || !result.ok();
    flight->landed.notify_all();
  });
}

void WriterRole::Close(client::LedgerWriter& writer) {
  const std::int64_t ledger = writer.id().value();
  const auto closed = writer.Close();
  if (!closed) {
    stage_.history.WriteError("close-failed", {{"l", ledger}}, closed.error());
    return;
  }
  const metadata::LedgerMetadata metadata = writer.metadata();
  stage_.history.Write(
      "close", {{"l", ledger}, {"last", metadata.last_entry.value()}, {"length", metadata.length}});
}

}  // namespace quire::nemesis
