#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client/busy_run.h"
#include "client/ensemble_change.h"
#include "client/pending_adds.h"
#include "common/error.h"
#include "metadata/ledger_store.h"
#include "protocol/code.h"
#include "protocol/quorum.h"

namespace quire::client {

// What the driver has to do after an event. Reused from event to event: Clear() keeps the memory.
struct WriteEffects {
  struct Send {
    protocol::EntryId entry;
    int slot = 0;
    std::uint32_t generation = 0;
  };
  std::vector<Send> sends;                    // send these adds now
  std::vector<Send> send_later;               // send these again after a pause: the bookie was busy
  std::optional<common::Error> fail_pending;  // fail every append above the LAC: outcome unknown
  bool change_ensemble = false;               // run WriteProtocol::change() as a metadata update
  bool retry_change_later = false;            // call OnRetryChange after a pause
  bool close = false;    // run WriteProtocol::CloseUpdate() as a metadata update
  bool stopped = false;  // the handle will never reach more: complete Close() now

  void Clear();
};

struct WriteLimits {
  int max_changes = 1000;      // of the ensemble, in the life of a handle
  int max_busy_retries = 100;  // pauses in a row of one slot, before busy counts as failed
  int max_waits = 20;  // pauses without Qa live slots since the last confirmation, before it breaks
};

// The writer of a ledger as protocol 1.5 specifies it, without clock, chance, thread or socket:
// each event is a call that changes the state and fills in effects. The driver carries the effects
// out and reports what came of them. An append is confirmed, in order, when Qa slots of the durable
// ensemble hold it and no change of the ensemble is under way; lac() says up to where.
class WriteProtocol {
 public:
  enum class Handle {
    kOpen,
    kClosing,  // takes no appends; closes when the pending ones are confirmed or failed
    kClosed,
    kFenced,  // somebody else owns the end of the ledger now: never touch the metadata again
    kBroken,  // gave up; the ledger is being closed, or was closed, at the LAC
  };

  WriteProtocol(metadata::VersionedLedger ledger, WriteLimits limits);

  // `bytes`: room for the entry header (protocol::SealEntry), then the payload. Fails, with nothing
  // sent, unless the handle is open.
  common::Result<protocol::EntryId> Append(std::string bytes, WriteEffects& effects);
  // The answer to a send.
  void OnAdd(const WriteEffects::Send& send, protocol::Code code, WriteEffects& effects);
  // The pause of send_later is over. True: send it now.
  bool ShouldResend(const WriteEffects::Send& send) const;
  // False: the slot began anew since the send; the answer says nothing of its bookie of today
  // (T-09).
  bool IsCurrent(const WriteEffects::Send& send) const {
    return send.generation == generation_[static_cast<std::size_t>(send.slot)];
  }
  // The outcome of the metadata update asked for with change_ensemble.
  void OnChanged(common::Result<metadata::VersionedLedger> result, WriteEffects& effects);
  void OnRetryChange(WriteEffects& effects);
  // The caller wants the ledger closed once what is pending has ended.
  void Close(WriteEffects& effects);
  // The outcome of the metadata update asked for with close.
  void OnClosed(common::Result<metadata::VersionedLedger> result, WriteEffects& effects);

  const EnsembleChange& change() const { return change_; }
  metadata::LedgerUpdate CloseUpdate() const;

  Handle handle() const { return handle_; }
  // How Close() ends once `stopped` was said. A broken handle that could close at its LAC ends
  // well: the appends that failed were told so themselves.
  common::Result<void> close_result() const;
  // Why the handle is fenced or broken, or its close failed.
  const std::optional<common::Error>& error() const { return error_; }
  protocol::EntryId lac() const { return pending_.first() - 1; }
  protocol::EntryId last_pushed() const { return pending_.next() - 1; }
  std::int64_t length() const { return confirmed_length_; }  // payload bytes of entries 0..lac()
  const metadata::VersionedLedger& ledger() const { return ledger_; }
  const metadata::Ensemble& ensemble() const { return ensemble_; }
  // Of an entry that an effect, or ShouldResend, has just asked to send.
  std::string_view Bytes(protocol::EntryId entry) { return pending_.at(entry).bytes; }
  bool changing() const { return changing_; }
  int changes() const { return changes_; }

 private:
  bool Live() const;
  bool HeldBack(int slot) const;
  void SendTo(protocol::EntryId entry, int slot, WriteEffects& effects);
  void SlotFailed(int slot, std::uint32_t generation, WriteEffects& effects);
  void BeginRound(WriteEffects& effects);
  void Restart(protocol::SlotSet touched, WriteEffects& effects);
  void NoSpare(common::Error error, WriteEffects& effects);
  void WaitForBookies(protocol::SlotSet dead, common::Error error, WriteEffects& effects);
  void TryConfirm(WriteEffects& effects);
  void Trim();
  void GoFenced(common::Error error, WriteEffects& effects);
  void GoBroken(common::Error error, WriteEffects& effects);
  void MaybeClose(WriteEffects& effects);

  const WriteLimits limits_;
  const protocol::Replication replication_;

  metadata::VersionedLedger ledger_;
  metadata::Ensemble ensemble_;            // that sends go to: the last one of ledger_
  std::vector<std::uint32_t> generation_;  // of each slot; answers of an older one are void (T-09)
  std::vector<BusyRun> busy_;              // of each slot
  PendingAdds pending_;
  std::int64_t pushed_length_ = 0;
  std::int64_t confirmed_length_ = 0;

  bool changing_ = false;      // nothing is confirmed meanwhile (T-06)
  EnsembleChange change_;      // the round under way
  protocol::SlotSet failed_;   // slots that failed since the round began
  protocol::SlotSet touched_;  // slots of all rounds of this change
  protocol::SlotSet dead_;     // slots without a spare: nothing is sent to them for now
  bool retrying_ = false;      // the change is about dead slots, after a pause
  bool retry_due_ = false;     // that pause is running
  bool waiting_ = false;       // too few slots live: nothing is sent to the failed ones until then
  int waits_ = 0;              // so often since something was confirmed
  int changes_ = 0;

  Handle handle_ = Handle::kOpen;
  bool close_sent_ = false;
  std::optional<common::Result<void>> close_result_;
  std::optional<common::Error> error_;
};

}  // namespace quire::client
