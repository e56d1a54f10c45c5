#pragma once

#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/write_protocol.h"
#include "ledger_cell.h"
#include "protocol/entry.h"

namespace quire::client {

using common::Errc;
using protocol::Code;
using protocol::EntryId;
using protocol::kNoEntry;

// Drives a WriteProtocol by hand: keeps what it asked for until the test says what came of it.
class WriteHarness {
 public:
  struct Sent {
    WriteEffects::Send send;
    protocol::BookieId bookie;
    std::string bytes;
  };

  explicit WriteHarness(const protocol::Replication& replication = {3, 3, 2},
                        WriteLimits limits = {})
      : cell(NewLedger(replication)), protocol(cell.now(), limits) {}

  common::Result<EntryId> Append(std::size_t size = 1) {
    auto entry = common::Result<EntryId>(kNoEntry);
    Step([&](WriteEffects& effects) {
      entry = protocol.Append(std::string(protocol::kEntryOverheadBytes + size, 'p'), effects);
    });
    return entry;
  }
  void Append(int count, std::size_t size) {
    for (int i = 0; i < count; ++i) EXPECT_TRUE(Append(size));
  }

  // Answers the oldest open send of the entry to the slot.
  void Reply(std::int64_t entry, int slot, Code code = Code::kOk) {
    Reply(Take(entry, slot), code);
  }
  void Reply(const Sent& sent, Code code) {
    Step([&](WriteEffects& effects) { protocol.OnAdd(sent.send, code, effects); });
  }
  // Answers everything that is open, and what is sent on that.
  void ReplyToAll(Code code = Code::kOk) {
    while (!sent.empty()) {
      const Sent first = sent.front();
      sent.pop_front();
      Reply(first, code);
    }
  }
  Sent Take(std::int64_t entry, int slot) {
    for (auto it = sent.begin(); it != sent.end(); ++it) {
      if (it->send.entry != EntryId(entry) || it->send.slot != slot) continue;
      Sent taken = *it;
      sent.erase(it);
      return taken;
    }
    ADD_FAILURE() << "entry " << entry << " was not sent to slot " << slot;
    return {};
  }
  bool IsSent(std::int64_t entry, int slot) const {
    for (const Sent& one : sent) {
      if (one.send.entry == EntryId(entry) && one.send.slot == slot) return true;
    }
    return false;
  }

  // The metadata update of the change that was asked for, without and with its result told.
  common::Result<metadata::VersionedLedger> ApplyChange() {
    EXPECT_TRUE(change_asked) << "no change was asked for";
    change_asked = false;
    return cell.Update(protocol.ledger(), protocol.change().ToUpdate([this](const auto& exclude) {
      return Pick(exclude);
    }));
  }
  void TellChange(common::Result<metadata::VersionedLedger> result) {
    Step([&](WriteEffects& effects) { protocol.OnChanged(std::move(result), effects); });
  }
  void RunChange() { TellChange(ApplyChange()); }
  void RetryChange() {
    EXPECT_TRUE(std::exchange(retry_asked, false)) << "no retry was asked for";
    Step([&](WriteEffects& effects) { protocol.OnRetryChange(effects); });
  }
  // The pause is over: sends again what the protocol still wants sent.
  void ResendLater() {
    for (const auto& send : std::exchange(later, {})) {
      if (protocol.ShouldResend(send)) Note(send);
    }
  }

  void Close() {
    Step([&](WriteEffects& effects) { protocol.Close(effects); });
  }
  common::Result<metadata::VersionedLedger> ApplyClose() {
    EXPECT_TRUE(close_asked) << "no close was asked for";
    close_asked = false;
    return cell.Update(protocol.ledger(), protocol.CloseUpdate());
  }
  void TellClose(common::Result<metadata::VersionedLedger> result) {
    Step([&](WriteEffects& effects) { protocol.OnClosed(std::move(result), effects); });
  }
  void RunClose() { TellClose(ApplyClose()); }

  std::int64_t lac() const { return protocol.lac().value(); }
  std::optional<Errc> failure() const {
    return failed ? std::optional(failed->code()) : std::nullopt;
  }
  std::optional<Errc> close_error() const {
    const auto result = protocol.close_result();
    return result ? std::nullopt : std::optional(result.error().code());
  }

  LedgerCell cell;
  WriteProtocol protocol;
  std::deque<Sent> sent;  // open sends, oldest first
  std::vector<WriteEffects::Send> later;
  std::vector<protocol::BookieId> spares = Bookies(10, 10);
  bool change_asked = false;
  bool retry_asked = false;
  bool close_asked = false;
  bool stopped = false;
  std::optional<common::Error> failed;

 private:
  template <typename Event>
  void Step(Event event) {
    WriteEffects effects;
    event(effects);
    for (const auto& send : effects.sends) Note(send);
    later.insert(later.end(), effects.send_later.begin(), effects.send_later.end());
    EXPECT_FALSE(effects.change_ensemble && change_asked) << "two changes at once";
    change_asked |= effects.change_ensemble;
    EXPECT_FALSE(effects.retry_change_later && retry_asked) << "two pauses at once";
    retry_asked |= effects.retry_change_later;
    close_asked |= effects.close;
    stopped |= effects.stopped;
    if (effects.fail_pending) failed = effects.fail_pending;
  }
  // The bytes must be there when a send is asked for.
  void Note(const WriteEffects::Send& send) {
    sent.push_back({send, protocol.ensemble()[static_cast<std::size_t>(send.slot)],
                    std::string(protocol.Bytes(send.entry))});
  }
  std::optional<protocol::BookieId> Pick(const std::set<protocol::BookieId>& exclude) const {
    for (const auto& spare : spares) {
      if (!exclude.contains(spare)) return spare;
    }
    return std::nullopt;
  }
};

}  // namespace quire::client
