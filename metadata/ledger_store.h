#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "common/loop.h"
#include "common/random.h"
#include "metadata/ledger_metadata.h"
#include "metadata/metadata_store.h"

namespace quire::metadata {

// An immutable snapshot; replaced as a whole, never edited in place.
struct VersionedLedger {
  std::shared_ptr<const LedgerMetadata> value;
  Version version;
};

// One change of a ledger's metadata as protocol 1.1 has it. Both functions are pure and may be
// called several times, each time with the newest value.
struct LedgerUpdate {
  // Is the change still needed? False: done, the value at hand is the result. An error ends the
  // update with it ("this makes no sense any more"). Asked again after a lost answer.
  std::function<common::Result<bool>(const LedgerMetadata&)> needs;
  // The value to write. writer and writer_op are filled in by the store.
  std::function<common::Result<LedgerMetadata>(const LedgerMetadata&)> transform;
};

using LedgerDone = common::Callback<common::Result<VersionedLedger>>;

// Typed access to the ledgers of a cluster. One per client or bookie, on its loop; loop thread
// only. Calls complete in a later turn, exactly once.
class LedgerStore {
 public:
  LedgerStore(common::Loop& loop, MetadataStore& store, common::Random& random);
  // Calls under way complete with kShutdown in a later turn; what they sent may still be applied.
  ~LedgerStore();
  LedgerStore(const LedgerStore&) = delete;
  LedgerStore& operator=(const LedgerStore&) = delete;

  // Takes the next free id, never given out before, and creates the record under it; `ledger` has
  // everything but id, key and writer. A lost answer is decided by the key (T-26): if a stranger
  // has the id, another id is taken. kMetadataUnavailable at once when the store is away and
  // nothing was made; kAmbiguous when a lost answer could not be decided within half a minute.
  void Create(LedgerMetadata ledger, LedgerDone done);

  // Linearizable. kNoSuchLedger when it is not there or deleted.
  void Read(protocol::LedgerId id, LedgerDone done);

  // The update loop of protocol 1.1: compare-and-swap, re-read on a lost race or a lost answer, try
  // again. Retries while the store is away until `deadline`, then kMetadataUnavailable if nothing
  // of ours can ever apply, else kAmbiguous. kNoSuchLedger when it was deleted.
  void Update(VersionedLedger local, LedgerUpdate update, common::Duration deadline,
              LedgerDone done);

  // Up to `limit` ids above `after`, ascending, deleted ones included (their record says so); an
  // empty list: no more.
  void List(protocol::LedgerId after, std::size_t limit,
            common::Callback<common::Result<std::vector<protocol::LedgerId>>> done);

  // As Read, but a deleted ledger's record is returned as it is. For bookies that collect space.
  void ReadEvenDeleted(protocol::LedgerId id, LedgerDone done);

  // Marks the ledger deleted; already deleted or gone is success (two-phase, protocol 1.9).
  void MarkDeleted(protocol::LedgerId id, std::int64_t now_ms, common::Duration deadline,
                   MetadataStore::Done done);
  // Removes the record of a deleted ledger after its grace time. Ids are never reused. Gone is
  // success; kInvalidArgument when the ledger is not deleted, kBadVersion when its version is
  // another.
  void Purge(protocol::LedgerId id, Version version, MetadataStore::Done done);

  MetadataStore::WatchHandle Watch(protocol::LedgerId id, common::Task changed);

  static std::string Path(protocol::LedgerId id);  // "/ledgers/0000/0000/0000/002a"

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace quire::metadata
