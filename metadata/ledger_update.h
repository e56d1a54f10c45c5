#pragma once

#include <memory>
#include <optional>

#include "metadata/ledger_store.h"
#include "metadata/operation.h"

namespace quire::metadata {

// One mutation of a ledger's metadata: its identity stays the same over all attempts, so that any
// of them that turns out to have been applied, however late, is recognised (protocol 1.1, T-26,
// T-27).
struct Mutation {
  protocol::LedgerId id;
  protocol::WriterId writer;
  std::int64_t op = 0;
  LedgerUpdate update;
};

// The update loop of protocol 1.1 as an operation of LedgerStore.
class LedgerUpdateLoop final : public OperationOf<VersionedLedger> {
 public:
  LedgerUpdateLoop(common::Loop& loop, OperationSet& owner, MetadataStore& store, Mutation mutation,
                   Done done);

  // From the snapshot at hand; without one it is read first.
  void Begin(std::optional<VersionedLedger> local, common::Duration deadline);

 private:
  void Attempt();
  void Swap(std::shared_ptr<const LedgerMetadata> next);
  void Swapped(const std::shared_ptr<const LedgerMetadata>& next, common::Result<Version> result);
  void Reread();
  void ReadBack(common::Result<Versioned> read);
  void StoreIsAway(const common::Error& error, bool reread);
  void Expire();
  // With this error, or with "unknown" when an earlier attempt may still be applied: an error must
  // not read as "did not happen".
  void GiveUp(common::Error error);
  void Gone();

  MetadataStore& store_;
  const Mutation mutation_;
  VersionedLedger local_;
  // The version of a swap whose answer was lost (or is still due): while it is the newest one, the
  // swap may yet be applied. Reading this very version proves nothing.
  std::optional<Version> in_doubt_;
  std::string trouble_;  // what the store said last
};

}  // namespace quire::metadata
