#include "metadata/ledger_creation.h"

#include <chrono>
#include <utility>

namespace quire::metadata {
namespace {

using common::Errc;
using common::Fail;
using common::Result;

constexpr std::chrono::seconds kDeadline(30);

}  // namespace

LedgerCreation::LedgerCreation(common::Loop& loop, OperationSet& owner, MetadataStore& store,
                               IdGenerator& ids, LedgerMetadata ledger, Done done)
    : OperationOf(loop, owner, std::move(done)),
      store_(store),
      ids_(ids),
      ledger_(std::move(ledger)) {}

void LedgerCreation::Begin() {
  // Any id will do for the check.
  if (auto sound = ledger_.replication.Check(); !sound) {
    return NextTurn([this, sound] { Finish(Fail(sound.error())); });
  }
  if (auto sound = ledger_.Check(); !sound) {
    return NextTurn([this, sound] { Finish(Fail(sound.error())); });
  }
  EndAfter(kDeadline, [this] {
    Finish(Fail(in_doubt_ ? Errc::kAmbiguous : Errc::kMetadataUnavailable,
                "the ledger was not created in time" + (trouble_.empty() ? "" : ": " + trouble_)));
  });
  DrawId();
}

void LedgerCreation::DrawId() {
  in_doubt_ = false;
  ids_.Next(WhileAlive([this](Result<protocol::LedgerId> id) {
    if (!id) return Finish(Fail(std::move(id).error()));
    ledger_.id = *id;
    Create();
  }));
}

void LedgerCreation::Create() {
  const bool was_in_doubt = std::exchange(in_doubt_, true);
  store_.Create(LedgerStore::Path(ledger_.id), EncodeLedger(ledger_), NodeKind::kPersistent,
                WhileAlive([this, was_in_doubt](Result<Version> result) {
                  // Certain that nothing was sent: as much in doubt as before.
                  if (!result && result.error().code() != Errc::kAmbiguous) {
                    in_doubt_ = was_in_doubt;
                  }
                  Created(std::move(result));
                }));
}

void LedgerCreation::Created(Result<Version> result) {
  if (result) {
    return Finish(VersionedLedger{std::make_shared<const LedgerMetadata>(ledger_), *result});
  }
  const Errc code = result.error().code();
  if (code == Errc::kNodeExists) return Resolve(true);
  trouble_ = result.error().context();
  if (code == Errc::kAmbiguous) return RetryLater([this] { Resolve(false); });
  if (!in_doubt_) return Finish(Fail(std::move(result).error()));
  if (code == Errc::kMetadataUnavailable) return RetryLater([this] { Resolve(false); });
  Finish(Fail(Errc::kAmbiguous, result.error().ToString()));
}

void LedgerCreation::Resolve(bool exists) {
  store_.Read(LedgerStore::Path(ledger_.id), WhileAlive([this, exists](Result<Versioned> read) {
                Resolved(exists, std::move(read));
              }));
}

void LedgerCreation::Resolved(bool exists, Result<Versioned> read) {
  if (!read) {
    const Errc code = read.error().code();
    if (code == Errc::kMetadataUnavailable) {
      trouble_ = read.error().context();
      return RetryLater([this, exists] { Resolve(exists); });
    }
    if (code != Errc::kNoNode) return Finish(Fail(Errc::kAmbiguous, read.error().ToString()));
    // A record was there, and no record is there now: it is not for us to bring it back.
    if (exists) {
      return Finish(Fail(Errc::kLedgerExists,
                         "ledger " + std::to_string(ledger_.id.value()) + " was just removed"));
    }
    // Absence proves nothing while the lost create may still arrive; a create that wins does, and
    // it leaves nothing to the late one.
    return Create();
  }
  auto found = DecodeLedger(read->value);
  if (!found || found->key != ledger_.key) return DrawId();
  Finish(VersionedLedger{std::make_shared<const LedgerMetadata>(*std::move(found)), read->version});
}

}  // namespace quire::metadata
