// WriteProtocol under thousands of random schedules, against an oracle that knows what each bookie
// really holds and what the metadata really says.
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <set>

#include "client/write_protocol.h"
#include "common/random.h"
#include "ledger_cell.h"
#include "protocol/entry.h"

namespace quire::client {
namespace {

using common::Below;
using metadata::LedgerState;
using protocol::BookieId;
using protocol::Code;
using protocol::EntryId;
using Handle = WriteProtocol::Handle;

constexpr int kBookies = 9;

class Model {
 public:
  Model(std::uint64_t seed, const protocol::Replication& replication)
      : random_(seed),
        replication_(replication),
        cell_(NewLedger(replication)),
        protocol_(cell_.now(), {.max_changes = 40, .max_busy_retries = 5}) {}

  void Run() {
    for (int step = 0; step < 300; ++step) RandomStep();
    Heal();
    CheckEnd();
  }
  bool ended_fenced() const { return protocol_.handle() == Handle::kFenced; }
  std::int64_t confirmed() const { return protocol_.lac().value() + 1; }

 private:
  struct Add {
    WriteEffects::Send send;
    BookieId bookie;
    std::string bytes;
  };
  struct Reply {
    WriteEffects::Send send;
    Code code;
  };

  bool Chance(int percent) { return Below(random_, 100) < static_cast<std::uint64_t>(percent); }

  template <typename T>
  T TakeAny(std::deque<T>& from) {
    const auto at = from.begin() + static_cast<std::ptrdiff_t>(Below(random_, from.size()));
    T taken = std::move(*at);
    from.erase(at);
    return taken;
  }

  void RandomStep() {
    switch (Below(random_, 16)) {
      case 0:
      case 1:
      case 2: return Append();
      case 3:
      case 4:
      case 5:
      case 6:
        if (!adds_.empty()) Serve(TakeAny(adds_));
        return;
      case 7:
      case 8:
      case 9:
      case 10:
        if (!replies_.empty()) Deliver(TakeAny(replies_));
        return;
      case 11:
        if (change_asked_) ApplyChange();
        return;
      case 12:
        if (!outcomes_.empty()) TellOutcome();
        return;
      case 13: return Timers();
      case 14: return Disturb();
      default: return Rare();
    }
  }

  void Append() {
    const auto size = Below(random_, 50);
    Step([&](WriteEffects& effects) {
      const bool open = protocol_.handle() == Handle::kOpen;
      const auto entry =
          protocol_.Append(std::string(protocol::kEntryOverheadBytes + size, 'm'), effects);
      ASSERT_EQ(entry.has_value(), open);
      if (!entry) return;
      ASSERT_EQ(entry->value(), static_cast<std::int64_t>(lengths_.size()));
      lengths_.push_back((lengths_.empty() ? 0 : lengths_.back()) +
                         static_cast<std::int64_t>(size));
    });
  }

  // A bookie gets an add; what it stores and what it answers are two things.
  void Serve(const Add& add) {
    Code code = Code::kOk;
    if (down_.contains(add.bookie)) {
      code = Code::kDisconnected;
    } else if (bookie_fenced_) {
      code = Code::kFenced;
    } else if (healing_) {
      code = Code::kOk;
    } else if (Chance(10)) {
      code = Code::kBusy;
    } else if (Chance(4)) {
      code = Code::kReadOnly;
    } else {
      const auto header = protocol::VerifyEntry(add.bytes, cell_.value().id, add.send.entry);
      ASSERT_TRUE(header);
      ASSERT_EQ(header->length, lengths_[static_cast<std::size_t>(add.send.entry.value())]);
      ASSERT_LE(header->lac, protocol_.lac());
    }
    if (code == Code::kOk) {
      stored_[add.bookie].insert(add.send.entry);
      if (!healing_ && Chance(4)) code = Code::kTimeout;  // stored, and the answer is lost
    }
    replies_.push_back({add.send, code});
  }

  void Deliver(const Reply& reply) {
    Step([&](WriteEffects& effects) { protocol_.OnAdd(reply.send, reply.code, effects); });
  }

  void ApplyChange() {
    change_asked_ = false;
    outcomes_.push_back({true, cell_.Update(protocol_.ledger(), protocol_.change().ToUpdate(
                                                                    [this](const auto& exclude) {
                                                                      return Pick(exclude);
                                                                    }))});
  }
  void ApplyClose() {
    close_asked_ = false;
    outcomes_.push_back({false, cell_.Update(protocol_.ledger(), protocol_.CloseUpdate())});
  }
  void TellOutcome() {
    auto [change, result] = std::move(outcomes_.front());
    outcomes_.pop_front();
    Step([&](WriteEffects& effects) {
      change ? protocol_.OnChanged(std::move(result), effects)
             : protocol_.OnClosed(std::move(result), effects);
    });
  }

  void Timers() {
    if (close_asked_) return ApplyClose();
    if (retry_asked_ && Chance(50)) {
      retry_asked_ = false;
      return Step([&](WriteEffects& effects) { protocol_.OnRetryChange(effects); });
    }
    for (const auto& send : std::exchange(later_, {})) {
      if (protocol_.ShouldResend(send)) Note(send);
    }
  }

  void Disturb() {
    const BookieId bookie = B(Below(random_, kBookies));
    if (Chance(50)) {
      down_.erase(bookie);
    } else if (down_.size() < 3) {
      down_.insert(bookie);
    }
  }

  void Rare() {
    const auto roll = Below(random_, 120);
    if (roll == 0) {
      Step([&](WriteEffects& effects) { protocol_.Close(effects); });
    } else if (roll == 1 && cell_.value().state == LedgerState::kOpen) {
      // Another client recovers the ledger: the claim first, the fence a moment later.
      cell_.Foreign([](auto& ledger) { ledger.state = LedgerState::kInRecovery; });
    } else if (roll < 6 && cell_.value().state == LedgerState::kInRecovery) {
      bookie_fenced_ = true;
    } else if (roll < 30) {
      Repair();
    }
  }

  // Copies what one bookie of an earlier segment should hold to another one and swaps them.
  void Repair() {
    const auto& segments = cell_.value().segments;
    if (segments.size() < 2 || cell_.value().state != LedgerState::kOpen) return;
    const auto segment = std::next(
        segments.begin(), static_cast<std::ptrdiff_t>(Below(random_, segments.size() - 1)));
    const auto spare = Pick({segment->second.begin(), segment->second.end()});
    if (!spare) return;
    const auto slot = static_cast<int>(Below(random_, segment->second.size()));
    const EntryId first = segment->first;
    const EntryId end = std::next(segment)->first;
    for (EntryId entry = first; entry < end; ++entry) {
      if (!protocol::InWriteSet(replication_, entry, slot)) continue;
      stored_[*spare].insert(entry);
    }
    cell_.Foreign(
        [&](auto& ledger) { ledger.segments[first][static_cast<std::size_t>(slot)] = *spare; });
  }

  std::optional<BookieId> Pick(const std::set<BookieId>& exclude) {
    std::vector<BookieId> free;
    for (int i = 0; i < kBookies; ++i) {
      const BookieId bookie = B(static_cast<std::uint64_t>(i));
      if (!exclude.contains(bookie)) free.push_back(bookie);
    }
    if (free.empty() || (!healing_ && Chance(15))) return std::nullopt;
    return free[Below(random_, free.size())];
  }

  // Faults end: all that is open is served, told and retried until nothing moves.
  void Heal() {
    healing_ = true;
    down_.clear();
    for (int turn = 0; turn < 100'000; ++turn) {
      if (!adds_.empty())
        Serve(TakeAny(adds_));
      else if (!replies_.empty())
        Deliver(TakeAny(replies_));
      else if (change_asked_)
        ApplyChange();
      else if (!outcomes_.empty())
        TellOutcome();
      else if (close_asked_)
        ApplyClose();
      else if (!later_.empty() || retry_asked_)
        Timers();
      else
        return;
    }
    FAIL() << "it never comes to rest";
  }

  void CheckEnd() {
    const bool live = protocol_.handle() == Handle::kOpen || protocol_.handle() == Handle::kClosing;
    if (live) {
      ASSERT_EQ(protocol_.handle(), Handle::kOpen);
      ASSERT_EQ(protocol_.lac(), protocol_.last_pushed()) << "appends hang";
      ASSERT_FALSE(protocol_.changing());
    } else {
      ASSERT_TRUE(stopped_);
    }
    CheckHolders(EntryId(0));
  }

  template <typename Event>
  void Step(Event event) {
    const EntryId lac = protocol_.lac();
    const bool changing = protocol_.changing();
    const bool fenced = protocol_.handle() == Handle::kFenced;
    WriteEffects effects;
    event(effects);
    ASSERT_GE(protocol_.lac(), lac);
    if (changing && protocol_.changing()) {
      ASSERT_EQ(protocol_.lac(), lac) << "T-06";
    }
    if (fenced || bookie_answer_fenced_) {
      ASSERT_TRUE(effects.sends.empty() && effects.send_later.empty());
      ASSERT_FALSE(effects.change_ensemble || effects.retry_change_later || effects.close);
      ASSERT_EQ(protocol_.lac(), lac);
    }
    bookie_answer_fenced_ |= protocol_.handle() == Handle::kFenced;
    for (const auto& send : effects.sends) Note(send);
    later_.insert(later_.end(), effects.send_later.begin(), effects.send_later.end());
    ASSERT_FALSE(change_asked_ && effects.change_ensemble);
    ASSERT_FALSE(retry_asked_ && effects.retry_change_later);
    ASSERT_FALSE(close_asked_ && effects.close);
    change_asked_ |= effects.change_ensemble;
    retry_asked_ |= effects.retry_change_later;
    close_asked_ |= effects.close;
    stopped_ |= effects.stopped;
    if (effects.close) {
      ASSERT_FALSE(protocol_.changing());
    }
    CheckHolders(lac + 1);
    CheckLength();
  }

  void Note(const WriteEffects::Send& send) {
    adds_.push_back({send, protocol_.ensemble()[static_cast<std::size_t>(send.slot)],
                     std::string(protocol_.Bytes(send.entry))});
  }

  // I2: every entry that was confirmed is on Qa bookies of the write set that the durable metadata
  // names now.
  void CheckHolders(EntryId from) {
    for (EntryId entry = from; entry <= protocol_.lac(); ++entry) {
      const auto& ensemble = cell_.value().EnsembleOf(entry);
      int holders = 0;
      for (int i = 0; i < replication_.write_quorum; ++i) {
        const int slot = protocol::WriteSetSlot(replication_, entry, i);
        holders += stored_[ensemble[static_cast<std::size_t>(slot)]].contains(entry) ? 1 : 0;
      }
      ASSERT_GE(holders, replication_.ack_quorum) << "entry " << entry.value();
    }
  }

  void CheckLength() {
    const auto count = static_cast<std::size_t>(protocol_.lac().value() + 1);
    ASSERT_EQ(protocol_.length(), count == 0 ? 0 : lengths_[count - 1]);
    if (cell_.value().state != LedgerState::kClosed) return;
    ASSERT_EQ(cell_.value().last_entry, protocol_.lac());
    ASSERT_EQ(cell_.value().length, protocol_.length());
  }

  common::Random random_;
  const protocol::Replication replication_;
  LedgerCell cell_;
  WriteProtocol protocol_;
  std::map<BookieId, std::set<EntryId>> stored_;
  std::set<BookieId> down_;
  std::deque<Add> adds_;       // on their way to a bookie
  std::deque<Reply> replies_;  // on their way back
  std::deque<std::pair<bool, common::Result<metadata::VersionedLedger>>> outcomes_;  // of updates
  std::vector<WriteEffects::Send> later_;
  std::vector<std::int64_t> lengths_;  // of the ledger at each entry
  bool change_asked_ = false;
  bool retry_asked_ = false;
  bool close_asked_ = false;
  bool stopped_ = false;
  bool bookie_fenced_ = false;
  bool bookie_answer_fenced_ = false;
  bool healing_ = false;
};

TEST(WriteModelTest, KeepsItsPromisesUnderRandomSchedules) {
  const std::vector<protocol::Replication> shapes = {{1, 1, 1}, {2, 2, 1}, {3, 3, 2}, {3, 2, 2},
                                                     {3, 3, 3}, {4, 3, 2}, {5, 3, 1}, {6, 4, 3}};
  int fenced = 0;
  std::int64_t confirmed = 0;
  for (std::uint64_t seed = 1; seed <= 6000; ++seed) {
    Model model(seed, shapes[seed % shapes.size()]);
    model.Run();
    fenced += model.ended_fenced() ? 1 : 0;
    confirmed += model.confirmed();
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
  // The schedules reach what they are meant to.
  EXPECT_GT(fenced, 100);
  EXPECT_GT(confirmed, 6000 * 10);
}

}  // namespace
}  // namespace quire::client
