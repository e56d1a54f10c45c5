#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client/services.h"
#include "client/types.h"
#include "client/write_protocol.h"
#include "common/ring_queue.h"

namespace quire::client {

// Carries out what WriteProtocol decides: sends adds, runs metadata updates, keeps the timers,
// calls the callers back. Held by shared_ptr while calls are under way. Loop thread only.
class Writer final : public rpc::AddSink,
                     public IdleLacs::Source,
                     public std::enable_shared_from_this<Writer> {
 public:
  Writer(Services& services, metadata::VersionedLedger ledger, WriteLimits limits = {});

  // `bytes`: kEntryOverheadBytes of room, then the payload. The callback comes once, in the order
  // of the ids, in a later turn unless the append failed at once.
  void Append(std::string bytes, AppendCallback done);
  // Waits for the pending appends to end, then closes the ledger at the LAC. Any number of calls,
  // one outcome. kFenced or kMetadataConflict: another client decided the end.
  void Close(common::Callback<common::Result<void>> done);
  // Stops without closing, as a crash would: pending appends end unknown, the ledger stays open.
  void Abandon();

  const WriteProtocol& protocol() const { return protocol_; }
  protocol::LedgerId id() const { return protocol_.ledger().value->id; }

  void OnAdd(const rpc::AddTicket& ticket, protocol::Code code) override;
  Turn TellLac() override;

 private:
  struct Slot {
    protocol::BookieId bookie;
    std::shared_ptr<rpc::BookieChannel> channel;
    // What a busy bookie refused, in the order of its answers. Not empty: a timer runs.
    std::vector<WriteEffects::Send> refused;
  };

  // One event: runs `step` on the protocol, then carries out the effects.
  template <typename Step>
  void Run(Step step);
  void OnChanged(common::Result<metadata::VersionedLedger> result);
  void Apply(WriteEffects& effects);
  void Send(const WriteEffects::Send& send);
  void SendLater(const std::vector<WriteEffects::Send>& sends);
  void Resend(std::size_t slot);
  void ChangeEnsemble();
  void CloseLedger();
  void RetryChangeLater();
  void CallBack(const WriteEffects& effects);
  void FindChannels();
  bool HasLacToTell() const;
  void NoteIdleLac();

  Services& services_;
  WriteProtocol protocol_;
  const protocol::LedgerKey key_;
  common::RingQueue<AppendCallback> callbacks_;  // not yet called, from next_callback_ on
  protocol::EntryId next_callback_{0};
  bool calling_back_ = false;
  std::optional<common::Error> failure_;  // of all appends above the LAC
  bool stopped_ = false;                  // Close() can be answered
  std::vector<common::Callback<common::Result<void>>> close_callbacks_;
  std::vector<Slot> slots_;                          // of the protocol's ensemble
  std::int32_t retry_after_ms_ = 0;                  // as the answer said that is being looked at
  protocol::EntryId told_lac_ = protocol::kNoEntry;  // the highest LAC sent to the bookies
  bool waits_to_tell_ = false;
  protocol::EntryId last_when_noted_ = protocol::kNoEntry;  // the last append when the wait began
  bool abandoned_ = false;
};

}  // namespace quire::client
