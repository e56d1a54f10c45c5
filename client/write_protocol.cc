#include "client/write_protocol.h"

#include <utility>

#include "client/live_slots.h"
#include "common/check.h"
#include "protocol/entry.h"
#include "protocol/limits.h"

namespace quire::client {
namespace {

// Of confirmed entries that a slot has yet to answer for; one that is further behind and then
// refuses counts as failed.
constexpr std::size_t kMaxStragglerBytes = 1024 * 1024;

std::size_t PayloadBytes(const std::string& entry) {
  return entry.size() - protocol::kEntryOverheadBytes;
}

}  // namespace

using common::Errc;
using common::Error;
using common::Fail;
using metadata::LedgerMetadata;
using metadata::LedgerState;
using protocol::Code;
using protocol::EntryId;
using protocol::SlotSet;

void WriteEffects::Clear() {
  sends.clear();
  send_later.clear();
  fail_pending.reset();
  change_ensemble = retry_change_later = close = stopped = false;
}

WriteProtocol::WriteProtocol(metadata::VersionedLedger ledger, WriteLimits limits)
    : limits_(limits),
      replication_(ledger.value->replication),
      ledger_(std::move(ledger)),
      ensemble_(ledger_.value->LastEnsemble()),
      generation_(ensemble_.size(), 0),
      busy_(ensemble_.size()),
      pending_(EntryId(0)) {}

common::Result<EntryId> WriteProtocol::Append(std::string bytes, WriteEffects& effects) {
  if (handle_ == Handle::kFenced || handle_ == Handle::kBroken) return Fail(*error_);
  if (handle_ != Handle::kOpen) return Fail(Errc::kLedgerClosed);
  const std::size_t payload = PayloadBytes(bytes);
  if (payload > protocol::kMaxPayloadBytes) {
    return Fail(Errc::kEntryTooLarge, "entry of " + std::to_string(payload) +
                                          " bytes; the limit is " +
                                          std::to_string(protocol::kMaxPayloadBytes));
  }
  const EntryId entry = pending_.next();
  pushed_length_ += static_cast<std::int64_t>(payload);
  protocol::SealEntry(
      {.ledger = ledger_.value->id, .entry = entry, .lac = lac(), .length = pushed_length_}, bytes);
  Trim();
  pending_.Push(std::move(bytes));
  for (int i = 0; i < replication_.write_quorum; ++i) {
    SendTo(entry, protocol::WriteSetSlot(replication_, entry, i), effects);
  }
  return entry;
}

// Once the close is under way every entry is confirmed: what still fails changes nothing, and must
// not begin a change that meets our own close.
bool WriteProtocol::Live() const {
  return (handle_ == Handle::kOpen || handle_ == Handle::kClosing) && !close_sent_;
}

// What a failed slot would get is sent when the slot has a new bookie, or is tried again.
bool WriteProtocol::HeldBack(int slot) const {
  return dead_.Contains(slot) || failed_.Contains(slot) ||
         (changing_ && (change_.replacing.contains(slot) || touched_.Contains(slot)));
}

void WriteProtocol::SendTo(EntryId entry, int slot, WriteEffects& effects) {
  if (HeldBack(slot)) return;
  effects.sends.push_back({entry, slot, generation_[static_cast<std::size_t>(slot)]});
}

void WriteProtocol::OnAdd(const WriteEffects::Send& send, Code code, WriteEffects& effects) {
  if (!Live() || !IsCurrent(send)) return;
  const auto index = static_cast<std::size_t>(send.slot);
  switch (code) {
    case Code::kOk:
      busy_[index].Reset();
      if (pending_.Holds(send.entry)) {
        pending_.at(send.entry).acks.Insert(send.slot);
        if (send.entry == pending_.first()) TryConfirm(effects);
        Trim();
      }
      return;
    case Code::kFenced: return GoFenced(Error(Errc::kFenced), effects);
    case Code::kUnauthorized: return GoBroken(Error(Errc::kUnauthorized), effects);
    case Code::kConflict: return GoBroken(Error(Errc::kConflict), effects);
    case Code::kBadRequest:
      return GoBroken(Error(Errc::kInvalidArgument, "a bookie refused the add"), effects);
    case Code::kBusy:
      // Busy is not failed, or overload would turn into ensemble changes; but it must end.
      if (pending_.Holds(send.entry) &&
          busy_[index].Refused(send.entry, pending_) <= limits_.max_busy_retries) {
        effects.send_later.push_back(send);
        return;
      }
      return SlotFailed(send.slot, send.generation, effects);
    default:
      // Also for an entry confirmed by others: the slot misses it and will miss more (T-10).
      return SlotFailed(send.slot, send.generation, effects);
  }
}

bool WriteProtocol::ShouldResend(const WriteEffects::Send& send) const {
  return Live() && pending_.Holds(send.entry) && IsCurrent(send) && !HeldBack(send.slot);
}

void WriteProtocol::SlotFailed(int slot, std::uint32_t generation, WriteEffects& effects) {
  if (generation != generation_[static_cast<std::size_t>(slot)] || dead_.Contains(slot)) return;
  // Reported twice (B03, B19), or of a bookie that an earlier round of this change replaced.
  if (changing_ && (change_.replacing.contains(slot) || touched_.Contains(slot))) return;
  failed_.Insert(slot);
  if (changing_) return;  // the next round takes it along
  changing_ = true;
  retrying_ = false;
  touched_ = {};
  change_.bad.clear();
  BeginRound(effects);
}

// The LAC does not move while a change runs, so every round has the same start.
void WriteProtocol::BeginRound(WriteEffects& effects) {
  change_.start = lac() + 1;
  change_.replacing.clear();
  for (int slot = 0; slot < replication_.ensemble; ++slot) {
    if (!failed_.Contains(slot)) continue;
    const auto& bookie = ensemble_[static_cast<std::size_t>(slot)];
    change_.replacing[slot] = bookie;
    change_.bad.insert(bookie);
  }
  failed_ = {};
  effects.change_ensemble = true;
}

void WriteProtocol::OnChanged(common::Result<metadata::VersionedLedger> result,
                              WriteEffects& effects) {
  if (handle_ != Handle::kOpen && handle_ != Handle::kClosing) return;
  QUIRE_CHECK(changing_);
  if (!result) {
    Error error = std::move(result).error();
    switch (error.code()) {
      case Errc::kFenced:
      case Errc::kLedgerClosed:
      case Errc::kNoSuchLedger: return GoFenced(std::move(error), effects);
      case Errc::kNotEnoughBookies: return NoSpare(std::move(error), effects);
      default: return GoBroken(std::move(error), effects);
    }
  }
  ledger_ = *std::move(result);
  const metadata::Ensemble& durable = ledger_.value->LastEnsemble();
  for (int slot = 0; slot < replication_.ensemble; ++slot) {
    const auto index = static_cast<std::size_t>(slot);
    if (change_.replacing.contains(slot) || durable[index] != ensemble_[index]) {
      touched_.Insert(slot);
    }
  }
  ensemble_ = durable;
  if (++changes_ > limits_.max_changes) return GoBroken(Error(Errc::kTooManyChanges), effects);
  if (!failed_.empty()) return BeginRound(effects);  // more failed meanwhile; nothing confirmed yet
  Restart(touched_, effects);
}

// Ends the change: the slots begin anew, with all that is pending.
void WriteProtocol::Restart(SlotSet touched, WriteEffects& effects) {
  changing_ = retrying_ = false;
  change_.replacing.clear();
  for (int slot = 0; slot < replication_.ensemble; ++slot) {
    if (!touched.Contains(slot)) continue;
    ++generation_[static_cast<std::size_t>(slot)];
    busy_[static_cast<std::size_t>(slot)].Reset();
    dead_.Erase(slot);
  }
  for (EntryId entry = pending_.first(); entry < pending_.next(); ++entry) {
    for (int i = 0; i < replication_.write_quorum; ++i) {
      const int slot = protocol::WriteSetSlot(replication_, entry, i);
      if (!touched.Contains(slot)) continue;
      pending_.at(entry).acks.Erase(slot);  // what the old bookie held, the metadata forgot (T-08)
      SendTo(entry, slot, effects);
    }
  }
  TryConfirm(effects);
}

// No bookie is left to put in. As long as Qa slots of every write set live, the ledger goes on
// without the others; after a pause they are replaced or tried again.
void WriteProtocol::NoSpare(Error error, WriteEffects& effects) {
  SlotSet dead;
  for (int slot = 0; slot < replication_.ensemble; ++slot) {
    const bool was_dead = dead_.Contains(slot) && !touched_.Contains(slot);
    if (was_dead || failed_.Contains(slot) || change_.replacing.contains(slot)) dead.Insert(slot);
  }
  if (!EnoughLiveSlots(replication_, dead)) return WaitForBookies(dead, std::move(error), effects);
  failed_ = {};
  if (retrying_) {
    // Still nobody to replace them: give the dead ones another chance with all that is pending.
    retrying_ = false;
    for (int slot = 0; slot < replication_.ensemble; ++slot) {
      if (dead.Contains(slot)) touched_.Insert(slot);
    }
    return Restart(touched_, effects);
  }
  // The dead slots keep the acks they gave: the metadata still names them, and they hold the
  // entries.
  dead_ = dead;
  if (!std::exchange(retry_due_, true)) effects.retry_change_later = true;
  Restart(touched_, effects);
}

// Too few are left for any confirmation. They may be restarting: the change stays open, so that
// nothing is confirmed, and after a pause the failed slots are tried again with all that is
// pending. Who fails again is replaced by whoever has come meanwhile.
void WriteProtocol::WaitForBookies(SlotSet dead, Error error, WriteEffects& effects) {
  if (++waits_ > limits_.max_waits) return GoBroken(std::move(error), effects);
  waiting_ = true;
  retrying_ = false;
  failed_ = dead;
  if (!std::exchange(retry_due_, true)) effects.retry_change_later = true;
}

void WriteProtocol::OnRetryChange(WriteEffects& effects) {
  retry_due_ = false;
  if (!Live()) return;
  if (std::exchange(waiting_, false)) {
    for (int slot = 0; slot < replication_.ensemble; ++slot) {
      if (failed_.Contains(slot)) touched_.Insert(slot);
    }
    failed_ = {};
    return Restart(touched_, effects);
  }
  if (dead_.empty()) return;
  if (changing_) {  // another slot's turn; the dead ones must not be forgotten over it
    retry_due_ = effects.retry_change_later = true;
    return;
  }
  changing_ = retrying_ = true;
  touched_ = {};
  change_.bad.clear();
  failed_ = dead_;
  BeginRound(effects);
}

void WriteProtocol::TryConfirm(WriteEffects& effects) {
  if (changing_) return;
  while (!pending_.empty() && pending_.front().acks.size() >= replication_.ack_quorum) {
    confirmed_length_ += static_cast<std::int64_t>(PayloadBytes(pending_.front().bytes));
    pending_.Confirm();  // keeps the bytes: a new bookie may be about to get them
    waits_ = 0;
  }
  MaybeClose(effects);
}

void WriteProtocol::Trim() {
  pending_.Trim(kMaxStragglerBytes, [this](EntryId entry, const PendingAdds::Add& add) {
    for (int i = 0; i < replication_.write_quorum; ++i) {
      const int slot = protocol::WriteSetSlot(replication_, entry, i);
      if (!add.acks.Contains(slot) && !dead_.Contains(slot)) return false;
    }
    return true;
  });
}

void WriteProtocol::GoFenced(Error error, WriteEffects& effects) {
  handle_ = Handle::kFenced;
  changing_ = false;
  pending_.Clear();
  effects.fail_pending = error;
  effects.stopped = true;
  error_ = std::move(error);
}

void WriteProtocol::GoBroken(Error error, WriteEffects& effects) {
  handle_ = Handle::kBroken;
  changing_ = false;
  pending_.Clear();
  effects.fail_pending = error;
  effects.change_ensemble = effects.retry_change_later = false;
  error_ = std::move(error);
  // Closing at the LAC frees readers at once; refused by the update if somebody recovers the
  // ledger.
  close_sent_ = effects.close = true;
}

void WriteProtocol::Close(WriteEffects& effects) {
  switch (handle_) {
    case Handle::kOpen:
      handle_ = Handle::kClosing;
      MaybeClose(effects);
      return;
    case Handle::kClosing: return;
    case Handle::kBroken: effects.stopped = close_result_.has_value(); return;
    case Handle::kClosed:
    case Handle::kFenced: effects.stopped = true; return;
  }
}

void WriteProtocol::MaybeClose(WriteEffects& effects) {
  if (handle_ != Handle::kClosing || close_sent_ || changing_ || !pending_.empty()) return;
  close_sent_ = effects.close = true;
}

metadata::LedgerUpdate WriteProtocol::CloseUpdate() const {
  const EntryId last = lac();
  const std::int64_t length = confirmed_length_;
  metadata::LedgerUpdate update;
  update.needs = [last, length](const LedgerMetadata& ledger) -> common::Result<bool> {
    switch (ledger.state) {
      case LedgerState::kOpen: return true;
      case LedgerState::kInRecovery: return Fail(Errc::kFenced);  // T-24
      case LedgerState::kClosed:
        if (ledger.last_entry == last && ledger.length == length) return false;
        return Fail(Errc::kMetadataConflict, "recovered by another client up to entry " +
                                                 std::to_string(ledger.last_entry.value()) +
                                                 ", this writer confirmed " +
                                                 std::to_string(last.value()) +
                                                 "; open the ledger to see which entries it kept");
      case LedgerState::kDeleted: return Fail(Errc::kNoSuchLedger);
    }
    return Fail(Errc::kCorrupt, "undefined ledger state");
  };
  // Always from the freshest value, never from a cached one (T-23).
  update.transform = [last,
                      length](const LedgerMetadata& ledger) -> common::Result<LedgerMetadata> {
    LedgerMetadata next = ledger;
    next.state = LedgerState::kClosed;
    next.last_entry = last;
    next.length = length;
    return next;
  };
  return update;
}

void WriteProtocol::OnClosed(common::Result<metadata::VersionedLedger> result,
                             WriteEffects& effects) {
  effects.stopped = true;
  if (result) {
    ledger_ = *std::move(result);
    if (handle_ == Handle::kClosing) handle_ = Handle::kClosed;
    close_result_ = common::Result<void>{};
    return;
  }
  close_result_ = Fail(result.error());
  if (handle_ == Handle::kClosing) {
    handle_ = result.error().code() == Errc::kFenced ? Handle::kFenced : Handle::kBroken;
    error_ = std::move(result).error();
  }
}

common::Result<void> WriteProtocol::close_result() const {
  if (close_result_) return *close_result_;
  return error_ ? common::Result<void>(Fail(*error_)) : common::Result<void>{};
}

}  // namespace quire::client
