#include "client/writer.h"

#include <algorithm>
#include <utility>

namespace quire::client {
namespace {

// The others are about the ledger or the entry, or pass by themselves.
bool BookieFailed(protocol::Code code) {
  switch (code) {
    case protocol::Code::kUnknown:
    case protocol::Code::kReadOnly:
    case protocol::Code::kWrongBookie:
    case protocol::Code::kTimeout:
    case protocol::Code::kDisconnected: return true;
    default: return false;
  }
}

}  // namespace

using common::Errc;
using common::Error;
using protocol::EntryId;

Writer::Writer(Services& services, metadata::VersionedLedger ledger, WriteLimits limits)
    : services_(services),
      protocol_(std::move(ledger), limits),
      key_(protocol_.ledger().value->key) {
  FindChannels();
}

template <typename Step>
void Writer::Run(Step step) {
  const auto self = shared_from_this();                       // a callback may drop the last handle
  WriteEffects effects = std::move(services_.spare_effects);  // nothing when events nest
  effects.Clear();
  step(effects);
  Apply(effects);
  services_.spare_effects = std::move(effects);
}

void Writer::Append(std::string bytes, AppendCallback done) {
  if (abandoned_) return done(AppendResult::Failed(Error(Errc::kShutdown)));
  Run([&](WriteEffects& effects) {
    const EntryId lac = protocol_.lac();
    const auto entry = protocol_.Append(std::move(bytes), effects);
    if (!entry) return done(AppendResult::Failed(entry.error()));
    told_lac_ = lac;  // in the header of the entry
    callbacks_.push_back(std::move(done));
  });
}

void Writer::OnAdd(const rpc::AddTicket& ticket, protocol::Code code) {
  if (abandoned_) return;
  const WriteEffects::Send send{ticket.entry, ticket.slot, ticket.generation};
  // A late answer of a bookie that was replaced says nothing of its successor.
  if (BookieFailed(code) && protocol_.IsCurrent(send)) {
    services_.placement.NoteFailure(slots_[static_cast<std::size_t>(ticket.slot)].bookie);
  }
  retry_after_ms_ = ticket.retry_after_ms;
  Run([&](WriteEffects& effects) { protocol_.OnAdd(send, code, effects); });
}

void Writer::Apply(WriteEffects& effects) {
  for (const auto& send : effects.sends) Send(send);
  if (!effects.send_later.empty()) SendLater(effects.send_later);
  if (effects.change_ensemble) ChangeEnsemble();
  if (effects.retry_change_later) RetryChangeLater();
  if (effects.close) CloseLedger();
  CallBack(effects);
  NoteIdleLac();
}

void Writer::Send(const WriteEffects::Send& send) {
  const Slot& slot = slots_[static_cast<std::size_t>(send.slot)];
  slot.channel->Add(slot.bookie,
                    {.entry = protocol_.Bytes(send.entry), .key = key_, .recovery = false},
                    {.sink = shared_from_this(),
                     .entry = send.entry,
                     .slot = send.slot,
                     .generation = send.generation});
}

// All that a slot refuses during one pause goes again together and in order: entries that overtake
// each other cost the bookie a look-up each.
void Writer::SendLater(const std::vector<WriteEffects::Send>& sends) {
  for (const auto& send : sends) {
    const auto slot = static_cast<std::size_t>(send.slot);
    slots_[slot].refused.push_back(send);
    if (slots_[slot].refused.size() > 1) continue;
    services_.loop.After(services_.BusyPause(retry_after_ms_),
                         [self = shared_from_this(), slot] { self->Resend(slot); });
  }
}

void Writer::Resend(std::size_t slot) {
  for (const auto& send : std::exchange(slots_[slot].refused, {})) {
    if (!abandoned_ && protocol_.ShouldResend(send)) Send(send);
  }
}

void Writer::ChangeEnsemble() {
  services_.ledgers.Update(protocol_.ledger(), protocol_.change().ToUpdate(services_.Picker()),
                           services_.timing.metadata, [self = shared_from_this()](auto result) {
                             if (!self->abandoned_) self->OnChanged(std::move(result));
                           });
}

void Writer::OnChanged(common::Result<metadata::VersionedLedger> result) {
  Run([&](WriteEffects& effects) {
    protocol_.OnChanged(std::move(result), effects);
    FindChannels();
  });
}

void Writer::RetryChangeLater() {
  services_.loop.After(services_.timing.retry_change, [self = shared_from_this()] {
    if (self->abandoned_) return;
    self->Run([&](WriteEffects& effects) { self->protocol_.OnRetryChange(effects); });
  });
}

void Writer::Close(common::Callback<common::Result<void>> done) {
  if (abandoned_) return done(common::Fail(Errc::kShutdown));
  close_callbacks_.push_back(std::move(done));
  Run([&](WriteEffects& effects) { protocol_.Close(effects); });
}

void Writer::CloseLedger() {
  services_.ledgers.Update(protocol_.ledger(), protocol_.CloseUpdate(), services_.timing.metadata,
                           [self = shared_from_this()](auto result) {
                             if (self->abandoned_) return;
                             self->Run([&](WriteEffects& effects) {
                               self->protocol_.OnClosed(std::move(result), effects);
                             });
                           });
}

void Writer::Abandon() {
  if (abandoned_) return;
  abandoned_ = true;
  WriteEffects effects;
  effects.fail_pending = Error(Errc::kShutdown);
  effects.stopped = true;
  CallBack(effects);
}

// A callback may append, close or abandon: the loop then simply sees more to do, and never nests.
void Writer::CallBack(const WriteEffects& effects) {
  if (effects.fail_pending) failure_ = effects.fail_pending;
  if (effects.stopped) stopped_ = true;
  if (calling_back_) return;
  calling_back_ = true;
  while (!callbacks_.empty()) {
    const EntryId entry = next_callback_;
    if (entry > protocol_.lac() && !failure_) break;
    AppendCallback done = std::move(callbacks_.front());
    callbacks_.pop_front();
    ++next_callback_;
    done(entry <= protocol_.lac() ? AppendResult::Ok(entry)
                                  : AppendResult::Unknown(entry, *failure_));
  }
  while (stopped_ && !close_callbacks_.empty()) {
    auto callbacks = std::exchange(close_callbacks_, {});
    for (auto& done : callbacks) {
      done(abandoned_ ? common::Result<void>(common::Fail(Errc::kShutdown))
                      : protocol_.close_result());
    }
  }
  calling_back_ = false;
}

void Writer::FindChannels() {
  const metadata::Ensemble& ensemble = protocol_.ensemble();
  if (std::ranges::equal(slots_, ensemble, {}, &Slot::bookie)) return;
  slots_.resize(ensemble.size());
  for (std::size_t i = 0; i < ensemble.size(); ++i) {
    slots_[i].bookie = ensemble[i];
    slots_[i].channel = services_.ChannelTo(ensemble[i]);
  }
}

bool Writer::HasLacToTell() const {
  const bool open = protocol_.handle() == WriteProtocol::Handle::kOpen;
  return open && !abandoned_ && told_lac_ < protocol_.lac();
}

void Writer::NoteIdleLac() {
  if (waits_to_tell_ || !HasLacToTell()) return;
  waits_to_tell_ = true;
  last_when_noted_ = protocol_.last_pushed();
  services_.idle_lacs.Wait(shared_from_this());
}

IdleLacs::Source::Turn Writer::TellLac() {
  waits_to_tell_ = HasLacToTell();
  if (!waits_to_tell_) return Turn::kNothing;
  const EntryId last = protocol_.last_pushed();
  const bool idle = std::exchange(last_when_noted_, last) == last && last == protocol_.lac();
  if (!idle) return Turn::kLater;
  waits_to_tell_ = false;
  told_lac_ = protocol_.lac();
  const std::string record = protocol::EncodeLac(id(), told_lac_);
  for (const Slot& slot : slots_) {
    // Whatever comes of it: the value is a help for readers, confirmed entries do not depend on it.
    slot.channel->WriteLac(
        {.bookie = slot.bookie, .deadline_ms = 5000, .ledger = id(), .key = key_, .record = record},
        [](protocol::WriteLacReply) {});
  }
  return Turn::kTold;
}

}  // namespace quire::client
