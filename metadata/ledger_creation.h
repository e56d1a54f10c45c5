#pragma once

#include "metadata/id_generator.h"
#include "metadata/ledger_store.h"
#include "metadata/operation.h"

namespace quire::metadata {

// Creates a ledger's record under a fresh id (protocol 1.4) as an operation of LedgerStore. The key
// tells its own record from a stranger's: a record "that exists" may be its own first attempt.
class LedgerCreation final : public OperationOf<VersionedLedger> {
 public:
  // `ledger` is complete but for the id.
  LedgerCreation(common::Loop& loop, OperationSet& owner, MetadataStore& store, IdGenerator& ids,
                 LedgerMetadata ledger, Done done);

  void Begin();

 private:
  void DrawId();
  void Create();
  void Created(common::Result<Version> result);
  void Resolve(bool exists);
  void Resolved(bool exists, common::Result<Versioned> read);

  MetadataStore& store_;
  IdGenerator& ids_;
  LedgerMetadata ledger_;
  bool in_doubt_ = false;  // a create under this id was sent, and its answer lost or still due
  std::string trouble_;    // what the store said last
};

}  // namespace quire::metadata
