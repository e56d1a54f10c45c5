#include "client/recovery_protocol.h"

#include <algorithm>
#include <utility>

#include "common/check.h"
#include "protocol/entry.h"

namespace quire::client {

using common::Errc;
using common::Error;
using common::Fail;
using metadata::LedgerMetadata;
using metadata::LedgerState;
using protocol::Code;
using protocol::EntryId;

void RecoveryEffects::Clear() {
  claim = fence = close = finished = false;
  reads.clear();
  sends.clear();
  send_later.clear();
  read_length.reset();
}

RecoveryProtocol::RecoveryProtocol(metadata::VersionedLedger ledger, PickBookie pick)
    : pick_(std::move(pick)), ledger_(std::move(ledger)) {}

void RecoveryProtocol::Start(RecoveryEffects& effects) {
  QUIRE_CHECK(phase_ == Phase::kIdle);
  phase_ = Phase::kClaiming;
  effects.claim = true;
}

// From the claim on the writer can add no segment, so the last one is frozen. A ledger that is in
// recovery already is not claimed again: all recoverers share its version and the first close wins.
metadata::LedgerUpdate RecoveryProtocol::ClaimUpdate() {
  metadata::LedgerUpdate update;
  update.needs = [](const LedgerMetadata& ledger) -> common::Result<bool> {
    if (ledger.state == LedgerState::kDeleted) return Fail(Errc::kNoSuchLedger);
    return ledger.state == LedgerState::kOpen;
  };
  update.transform = [](const LedgerMetadata& ledger) -> common::Result<LedgerMetadata> {
    LedgerMetadata next = ledger;
    next.state = LedgerState::kInRecovery;
    ++next.recovery_claims;
    return next;
  };
  return update;
}

void RecoveryProtocol::OnClaimed(common::Result<metadata::VersionedLedger> result,
                                 RecoveryEffects& effects) {
  if (phase_ != Phase::kClaiming) return;
  if (!result || result->value->state == LedgerState::kClosed) {
    return Finish(std::move(result), effects);
  }
  ledger_ = *std::move(result);
  phase_ = Phase::kFencing;
  effects.fence = true;
}

void RecoveryProtocol::OnFenced(int slot, Code code, EntryId lac, RecoveryEffects& effects) {
  if (phase_ != Phase::kFencing) return;
  if (code == Code::kUnauthorized) return Abort(Error(Errc::kUnauthorized), effects);
  fence_answered_.Insert(slot);
  if (protocol::IsKnown(code)) fence_known_.Insert(slot);
  if (code == Code::kOk) highest_lac_ = std::max(highest_lac_, lac);
  fence_answers_ += (fence_answers_.empty() ? "" : ", ") +
                    protocol::ToHex(frozen()[static_cast<std::size_t>(slot)]).substr(0, 8) + " " +
                    std::string(protocol::CodeName(code));
  const protocol::Replication& replication = ledger_.value->replication;
  if (protocol::Covered(replication, fence_known_)) {
    // Never below the segment: its ensemble knows nothing of earlier entries (T-13).
    const EntryId base = std::max(highest_lac_, ledger_.value->LastSegmentFirst() - 1);
    reads_.emplace(replication, base + 1);
    writes_.emplace(replication, frozen(), base + 1, pick_);
    phase_ = Phase::kCopying;
    reads_->Extend(effects.reads);
  } else if (fence_answered_.size() == replication.ensemble) {
    Abort(Error(Errc::kRecoveryBlocked, "bookies answered: " + fence_answers_), effects);
  }
}

void RecoveryProtocol::OnRead(int slot, EntryId entry, Code code, std::string bytes,
                              RecoveryEffects& effects) {
  if (phase_ != Phase::kCopying || end_found_) return;
  if (code == Code::kUnauthorized) return Abort(Error(Errc::kUnauthorized), effects);
  reads_->OnAnswer(slot, entry, code, std::move(bytes));
  if (entry == reads_->next()) Advance(effects);
}

// Consumes what is decided, strictly in order; ends at the first entry that nobody can have had
// acknowledged. Whatever lies above it was never confirmed either and is dropped.
void RecoveryProtocol::Advance(RecoveryEffects& effects) {
  while (!end_found_) {
    switch (reads_->Decide()) {
      case RecoveryReads::Verdict::kWait: return;
      case RecoveryReads::Verdict::kEnd: end_found_ = true; break;
      case RecoveryReads::Verdict::kBlocked:
        return Abort(
            Error(Errc::kRecoveryBlocked,
                  "entry " + std::to_string(reads_->next().value()) + ": " + reads_->Explain()),
            effects);
      case RecoveryReads::Verdict::kFound: {
        std::string bytes = reads_->TakeFound();
        length_ = protocol::PeekEntryHeader(bytes).length;
        ++recovered_;
        writes_->Push(std::move(bytes), effects.sends);
        if (!writes_->full()) reads_->Extend(effects.reads);
        break;
      }
    }
  }
  if (!writes_->idle()) return;  // OnAdd comes back here
  const EntryId last = writes_->confirmed();
  if (recovered_ == 0 && last > protocol::kNoEntry) {
    // The length belongs to the entry that is the end, not to one a LAC was heard from (T-25).
    phase_ = Phase::kMeasuring;
    effects.read_length = last;
  } else {
    phase_ = Phase::kClosing;
    effects.close = true;
  }
}

void RecoveryProtocol::OnAdd(const RecoveryWrites::Send& send, Code code,
                             RecoveryEffects& effects) {
  if (phase_ != Phase::kCopying) return;
  if (auto result = writes_->OnAdd(send, code, effects.sends, effects.send_later); !result) {
    return Abort(std::move(result).error(), effects);
  }
  if (!end_found_ && !writes_->full()) reads_->Extend(effects.reads);
  if (end_found_ && writes_->idle()) Advance(effects);
}

void RecoveryProtocol::OnLength(common::Result<std::int64_t> length, RecoveryEffects& effects) {
  if (phase_ != Phase::kMeasuring) return;
  if (!length) return Abort(std::move(length).error(), effects);
  length_ = *length;
  phase_ = Phase::kClosing;
  effects.close = true;
}

metadata::LedgerUpdate RecoveryProtocol::CloseUpdate() const {
  const EntryId last = writes_->confirmed();
  metadata::LedgerUpdate update;
  update.needs = [](const LedgerMetadata& ledger) -> common::Result<bool> {
    switch (ledger.state) {
      case LedgerState::kInRecovery: return true;
      case LedgerState::kClosed: return false;  // somebody else's end holds; ours is forgotten
      case LedgerState::kDeleted: return Fail(Errc::kNoSuchLedger);
      case LedgerState::kOpen: break;
    }
    return Fail(Errc::kCorrupt, "ledger left recovery without being closed");
  };
  update.transform = [last, length = length_, claimed = ledger_.value,
                      segments = writes_->segments()](
                         const LedgerMetadata& ledger) -> common::Result<LedgerMetadata> {
    if (ledger.LastSegmentFirst() != claimed->LastSegmentFirst() ||
        ledger.LastEnsemble() != claimed->LastEnsemble()) {
      return Fail(Errc::kCorrupt, "the last segment changed during recovery");
    }
    LedgerMetadata next = ledger;
    const EntryId last_key = ledger.LastSegmentFirst();
    for (const auto& [first, ensemble] : segments) {
      if (first <= std::max(last, last_key)) next.segments[first] = ensemble;
    }
    next.state = LedgerState::kClosed;
    next.last_entry = last;
    next.length = length;
    return next;
  };
  return update;
}

void RecoveryProtocol::OnClosed(common::Result<metadata::VersionedLedger> result,
                                RecoveryEffects& effects) {
  if (phase_ == Phase::kClosing) Finish(std::move(result), effects);
}

void RecoveryProtocol::Abort(Error error, RecoveryEffects& effects) {
  Finish(Fail(std::move(error)), effects);
}

void RecoveryProtocol::Finish(common::Result<metadata::VersionedLedger> result,
                              RecoveryEffects& effects) {
  phase_ = Phase::kFinished;
  effects.Clear();
  effects.finished = true;
  result_ = std::move(result);
}

}  // namespace quire::client
