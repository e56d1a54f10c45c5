#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/recovery_reads.h"
#include "client/recovery_writes.h"
#include "common/error.h"
#include "metadata/ledger_store.h"
#include "protocol/code.h"

namespace quire::client {

// What the driver has to do after an event of a recovery.
struct RecoveryEffects {
  bool claim = false;                            // run ClaimUpdate() as a metadata update
  bool fence = false;                            // send FENCE + LAC to every slot of frozen()
  std::vector<RecoveryReads::Ask> reads;         // send FENCE + READ to these slots of frozen()
  std::vector<RecoveryWrites::Send> sends;       // send these recovery adds
  std::vector<RecoveryWrites::Send> send_later;  // again, after a pause: the bookie was busy
  std::optional<protocol::EntryId> read_length;  // read this entry; its header has the length
  bool close = false;                            // run CloseUpdate() as a metadata update
  bool finished = false;                         // see RecoveryProtocol::result

  void Clear();
};

// The recovery of a ledger whose writer is gone, as protocol 1.7 specifies it, without clock,
// chance, thread or socket. Idempotent; any number may run at once, and after crashes of
// themselves; every one that succeeds returns the same end.
class RecoveryProtocol {
 public:
  RecoveryProtocol(metadata::VersionedLedger ledger, PickBookie pick);

  void Start(RecoveryEffects& effects);
  void OnClaimed(common::Result<metadata::VersionedLedger> result, RecoveryEffects& effects);
  void OnFenced(int slot, protocol::Code code, protocol::EntryId lac, RecoveryEffects& effects);
  // One slot's answer for one entry, or for each entry it was asked when it failed as a whole. kOk:
  // verified bytes.
  void OnRead(int slot, protocol::EntryId entry, protocol::Code code, std::string bytes,
              RecoveryEffects& effects);
  void OnAdd(const RecoveryWrites::Send& send, protocol::Code code, RecoveryEffects& effects);
  void OnLength(common::Result<std::int64_t> length, RecoveryEffects& effects);
  void OnClosed(common::Result<metadata::VersionedLedger> result, RecoveryEffects& effects);

  static metadata::LedgerUpdate ClaimUpdate();
  metadata::LedgerUpdate CloseUpdate() const;

  // The ledger as it was when the claim was won: its last ensemble is asked throughout, whatever is
  // replaced meanwhile (T-11).
  const metadata::VersionedLedger& ledger() const { return ledger_; }
  const metadata::Ensemble& frozen() const { return ledger_.value->LastEnsemble(); }
  // Once reads were asked for.
  RecoveryWrites& writes() { return *writes_; }
  // False: nobody needs the answers to reads any more.
  bool reading() const { return phase_ == Phase::kCopying && !end_found_; }
  // The pause of send_later is over. True: send it now.
  bool ShouldResend(const RecoveryWrites::Send& send) const {
    return phase_ == Phase::kCopying && writes_->ShouldResend(send);
  }

  // After `finished`: the closed ledger, or why it could not be closed now. kRecoveryBlocked,
  // kNotEnoughBookies and metadata errors: nothing was decided, try again.
  const common::Result<metadata::VersionedLedger>& result() const { return *result_; }
  std::int64_t recovered() const { return recovered_; }  // entries read and written back

 private:
  enum class Phase { kIdle, kClaiming, kFencing, kCopying, kMeasuring, kClosing, kFinished };

  void Advance(RecoveryEffects& effects);
  void Finish(common::Result<metadata::VersionedLedger> result, RecoveryEffects& effects);
  void Abort(common::Error error, RecoveryEffects& effects);

  const PickBookie pick_;
  metadata::VersionedLedger ledger_;
  Phase phase_ = Phase::kIdle;

  protocol::SlotSet fence_known_;     // answered with knowledge
  protocol::SlotSet fence_answered_;  // answered at all
  std::string fence_answers_;         // for the message when recovery is blocked
  protocol::EntryId highest_lac_ = protocol::kNoEntry;

  std::optional<RecoveryReads> reads_;
  std::optional<RecoveryWrites> writes_;
  bool end_found_ = false;
  std::int64_t recovered_ = 0;
  std::int64_t length_ = 0;
  std::optional<common::Result<metadata::VersionedLedger>> result_;
};

}  // namespace quire::client
