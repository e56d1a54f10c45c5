#include "metadata/ledger_update.h"

#include <utility>

namespace quire::metadata {

using common::Errc;
using common::Fail;
using common::Result;

LedgerUpdateLoop::LedgerUpdateLoop(common::Loop& loop, OperationSet& owner, MetadataStore& store,
                                   Mutation mutation, Done done)
    : OperationOf(loop, owner, std::move(done)), store_(store), mutation_(std::move(mutation)) {}

void LedgerUpdateLoop::Begin(std::optional<VersionedLedger> local, common::Duration deadline) {
  EndAfter(deadline, [this] { Expire(); });
  if (!local) return Reread();
  local_ = *std::move(local);
  // The result may be known without asking the store, and still comes in a later turn.
  NextTurn([this] { Attempt(); });
}

void LedgerUpdateLoop::Attempt() {
  const auto needed = mutation_.update.needs(*local_.value);
  if (!needed) return GiveUp(needed.error());
  if (!*needed) return Finish(local_);
  auto changed = mutation_.update.transform(*local_.value);
  if (!changed) return GiveUp(std::move(changed).error());
  auto next = std::make_shared<LedgerMetadata>(*std::move(changed));
  next->writer = mutation_.writer;
  next->writer_op = mutation_.op;
  if (auto legal = CheckTransition(*local_.value, *next); !legal) {
    return GiveUp(std::move(legal).error());
  }
  Swap(std::move(next));
}

void LedgerUpdateLoop::Swap(std::shared_ptr<const LedgerMetadata> next) {
  std::string value = EncodeLedger(*next);
  // Until the answer is here the swap is in doubt: the deadline may pass first.
  const bool was_in_doubt = in_doubt_.has_value();
  in_doubt_ = local_.version;
  store_.CompareAndSet(
      LedgerStore::Path(mutation_.id), std::move(value), local_.version,
      WhileAlive([this, next = std::move(next), was_in_doubt](Result<Version> result) {
        // Certain that nothing was sent: as much in doubt as before.
        if (!result && result.error().code() != Errc::kAmbiguous && !was_in_doubt) {
          in_doubt_.reset();
        }
        Swapped(next, std::move(result));
      }));
}

void LedgerUpdateLoop::Swapped(const std::shared_ptr<const LedgerMetadata>& next,
                               Result<Version> result) {
  if (result) return Finish(VersionedLedger{next, *result});
  switch (result.error().code()) {
    case Errc::kBadVersion:
      // Perhaps our own earlier attempt: the read-back looks for it (T-27).
      Progressed();
      return Reread();
    case Errc::kNoNode: return Gone();
    case Errc::kAmbiguous: return StoreIsAway(result.error(), true);
    case Errc::kMetadataUnavailable: return StoreIsAway(result.error(), in_doubt_.has_value());
    default: return GiveUp(std::move(result).error());
  }
}

void LedgerUpdateLoop::Reread() {
  store_.Read(LedgerStore::Path(mutation_.id),
              WhileAlive([this](Result<Versioned> read) { ReadBack(std::move(read)); }));
}

void LedgerUpdateLoop::ReadBack(Result<Versioned> read) {
  if (!read) {
    const Errc code = read.error().code();
    if (code == Errc::kNoNode) return Gone();
    if (code == Errc::kMetadataUnavailable) return StoreIsAway(read.error(), true);
    return GiveUp(std::move(read).error());
  }
  auto newest = DecodeLedger(read->value);
  if (!newest) return GiveUp(std::move(newest).error());
  // Not the ledger that was asked for, or another one under its id (T-31).
  if (newest->id != mutation_.id) {
    return GiveUp({Errc::kCorrupt, LedgerStore::Path(mutation_.id) + " holds another ledger"});
  }
  if (local_.value && newest->key != local_.value->key) return Gone();
  local_ = {std::make_shared<const LedgerMetadata>(*std::move(newest)), read->version};
  if (in_doubt_ && *in_doubt_ != local_.version) in_doubt_.reset();
  const LedgerMetadata& value = *local_.value;
  if (value.writer == mutation_.writer && value.writer_op == mutation_.op) return Finish(local_);
  Attempt();
}

void LedgerUpdateLoop::StoreIsAway(const common::Error& error, bool reread) {
  trouble_ = error.context();
  RetryLater([this, reread] { reread ? Reread() : Attempt(); });
}

void LedgerUpdateLoop::Expire() {
  const std::string what = "metadata of ledger " + std::to_string(mutation_.id.value()) +
                           " was not changed in time" + (trouble_.empty() ? "" : ": " + trouble_);
  Finish(Fail(in_doubt_ ? Errc::kAmbiguous : Errc::kMetadataUnavailable, what));
}

void LedgerUpdateLoop::GiveUp(common::Error error) {
  if (in_doubt_) error = {Errc::kAmbiguous, error.ToString()};
  Finish(Fail(std::move(error)));
}

void LedgerUpdateLoop::Gone() {
  Finish(Fail(Errc::kNoSuchLedger, "ledger " + std::to_string(mutation_.id.value())));
}

}  // namespace quire::metadata
