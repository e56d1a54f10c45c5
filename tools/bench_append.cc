#include "tools/bench_append.h"

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "tools/arrival_schedule.h"
#include "tools/first_error.h"
#include "tools/ledger_roller.h"

namespace quire::tools {

using client::AppendResult;
using client::LedgerWriter;

namespace {

using Clock = std::chrono::steady_clock;

// Appends under way; End waits for them.
class UnderWay {
 public:
  void Add(std::int64_t count) {
    const std::lock_guard lock(mutex_);
    count_ += count;
  }
  void Remove() {
    const std::lock_guard lock(mutex_);
    if (--count_ == 0) none_.notify_all();
  }
  void AwaitNone() {
    std::unique_lock lock(mutex_);
    none_.wait(lock, [this] { return count_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  std::int64_t count_ = 0;  // guarded by mutex_
};

// A payload that may say when its append was due.
class Payload {
 public:
  Payload(std::int64_t size, bool stamped)
      : bytes_(Noise(static_cast<std::size_t>(size))),
        stamped_(stamped && bytes_.size() >= sizeof(std::int64_t)) {}

  std::string_view At(Clock::time_point due) {
    if (stamped_) {
      const std::int64_t stamp = due.time_since_epoch().count();
      std::memcpy(bytes_.data(), &stamp, sizeof(stamp));
    }
    return bytes_;
  }
  std::int64_t size() const { return static_cast<std::int64_t>(bytes_.size()); }

 private:
  std::string bytes_;
  const bool stamped_;
};

class ClosedLoop final : public Load {
 public:
  ClosedLoop(BenchLedgers& ledgers, const BenchOptions& options, bool stamped)
      : roller_(options, error_) {
    for (auto& writing : ledgers.writing()) {
      if (!writing.ledgers.empty()) turns_.emplace_back(writing, options, stamped);
    }
    for (std::int64_t i = 0; i < options.window; ++i) {
      Turn& turn = turns_[static_cast<std::size_t>(i) % turns_.size()];
      turn.slots.push_back({.loop = this, .turn = &turn, .begun = {}});
    }
  }

  // The first append of each client issues the others on the client's thread: from then on a turn
  // is touched by that thread alone.
  void Begin() override {
    std::vector<BenchLedgers::Writing*> busy;
    for (Turn& turn : turns_) {
      if (turn.slots.empty()) continue;
      busy.push_back(&turn.writing);
      under_way_.Add(1);
      Issue(turn.slots.front());
    }
    roller_.Begin(std::move(busy));
  }
  bool failed() const override { return error_.any(); }
  std::optional<common::Error> End() override {
    stop_.store(true, std::memory_order_relaxed);
    under_way_.AwaitNone();
    roller_.End();
    return error_.error();
  }

 private:
  struct Turn;
  struct Slot {
    ClosedLoop* loop = nullptr;
    Turn* turn = nullptr;
    Clock::time_point begun;
  };
  // What one client does: its part of the window, over its ledgers in turn.
  struct Turn {
    Turn(BenchLedgers::Writing& of, const BenchOptions& options, bool stamped)
        : writing(of), payload(options.entry_bytes, stamped) {}

    BenchLedgers::Writing& writing;
    Payload payload;
    std::size_t next = 0;
    std::vector<Slot> slots;
    bool going = false;  // all slots, not only the first
  };

  void Issue(Slot& slot) {
    Turn& turn = *slot.turn;
    slot.begun = Clock::now();
    roller_.Exchange(turn.writing);
    LedgerWriter& ledger = *turn.writing.ledgers[turn.next];
    if (++turn.next == turn.writing.ledgers.size()) turn.next = 0;
    ledger.AppendAsync(turn.payload.At(slot.begun),
                       [&slot](const AppendResult& result) { slot.loop->Done(slot, result); });
  }

  void Done(Slot& slot, const AppendResult& result) {
    Turn& turn = *slot.turn;
    if (result.ok()) [[likely]] {
      meter().Record(Clock::now() - slot.begun, 1, turn.payload.size());
      if (!stop_.load(std::memory_order_relaxed)) {
        if (!turn.going) IssueOthers(turn);
        return Issue(slot);
      }
    } else {
      error_.Note(result.error());
    }
    under_way_.Remove();
  }

  void IssueOthers(Turn& turn) {
    turn.going = true;
    under_way_.Add(static_cast<std::int64_t>(turn.slots.size()) - 1);
    for (std::size_t i = 1; i < turn.slots.size(); ++i) Issue(turn.slots[i]);
  }

  std::deque<Turn> turns_;
  std::atomic<bool> stop_ = false;
  FirstError error_;
  UnderWay under_way_;
  LedgerRoller roller_;
};

class OpenLoop final : public Load {
 public:
  OpenLoop(BenchLedgers& ledgers, const BenchOptions& options, bool stamped)
      : rate_(options.rate), payload_(options.entry_bytes, stamped), roller_(options, error_) {
    for (auto& writing : ledgers.writing()) {
      for (std::size_t at = 0; at < writing.ledgers.size(); ++at) places_.push_back({&writing, at});
    }
  }

  void Begin() override {
    thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
    std::vector<BenchLedgers::Writing*> busy;
    for (const Place& place : places_) {
      if (place.at == 0) busy.push_back(place.writing);
    }
    roller_.Begin(std::move(busy));
  }
  bool failed() const override { return error_.any(); }
  std::optional<common::Error> End() override {
    thread_.request_stop();
    thread_.join();
    under_way_.AwaitNone();
    roller_.End();
    return error_.error();
  }

 private:
  struct Place {
    BenchLedgers::Writing* writing = nullptr;
    std::size_t at = 0;
  };

  void Run(const std::stop_token& stop) {
    ArrivalSchedule schedule(Clock::now(), rate_);
    for (std::size_t next = 0; !stop.stop_requested() && !failed(); schedule.Take()) {
      const auto due = schedule.due();
      std::this_thread::sleep_until(due);
      const Place& place = places_[next];
      roller_.Exchange(*place.writing);
      under_way_.Add(1);
      // Waits when the writer's byte budget is used up; what is late by it is measured as late.
      LedgerWriter& ledger = *place.writing->ledgers[place.at];
      ledger.AppendAsync(payload_.At(due), [this, due](const AppendResult& result) {
        if (result.ok()) {
          meter().Record(Clock::now() - due, 1, payload_.size());
        } else {
          error_.Note(result.error());
        }
        under_way_.Remove();
      });
      if (++next == places_.size()) next = 0;
    }
  }

  const double rate_;
  Payload payload_;
  std::vector<Place> places_;
  FirstError error_;
  UnderWay under_way_;
  LedgerRoller roller_;
  std::jthread thread_;
};

}  // namespace

std::unique_ptr<Load> MakeAppendLoad(BenchLedgers& ledgers, const BenchOptions& options,
                                     bool stamped) {
  if (options.rate > 0) return std::make_unique<OpenLoop>(ledgers, options, stamped);
  return std::make_unique<ClosedLoop>(ledgers, options, stamped);
}

}  // namespace quire::tools
