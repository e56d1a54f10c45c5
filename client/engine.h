#pragma once

#include <memory>
#include <vector>

#include "client/reader.h"
#include "client/recovery.h"
#include "client/services.h"
#include "client/types.h"
#include "client/writer.h"

namespace quire::client {

// The verbs of a client on one loop, without a thread of its own: what Client wraps for
// applications and the simulation drives directly. Loop thread only.
class Engine {
 public:
  Engine(common::Loop& loop, metadata::MetadataStore& store, rpc::ChannelPool& channels,
         common::Random& random, Timing timing = {});

  // Learns which bookies there are. Before anything else.
  void Start(metadata::MetadataStore::Done done);

  void Create(CreateOptions options, std::int64_t now_ms,
              common::Callback<common::Result<std::shared_ptr<Writer>>> done);
  // Never fences; the reader sees what is confirmed.
  void Open(protocol::LedgerId id, common::Callback<common::Result<std::shared_ptr<Reader>>> done);
  // Recovery: afterwards the ledger is closed and its writer can acknowledge nothing more. An
  // explicit verb, never a side effect of opening (T-42).
  void Seal(protocol::LedgerId id, Recovery::Done done);
  void Describe(protocol::LedgerId id, metadata::LedgerDone done);
  // Success also when it was deleted before; kNoSuchLedger when it never was.
  void Delete(protocol::LedgerId id, std::int64_t now_ms, metadata::MetadataStore::Done done);
  // Ledgers that are not deleted, ascending, above `after`; up to `limit`.
  void List(protocol::LedgerId after, std::size_t limit,
            common::Callback<common::Result<std::vector<metadata::VersionedLedger>>> done);

  Services& services() { return services_; }

 private:
  metadata::LedgerStore ledgers_;
  metadata::BookieDirectory directory_;
  Placement placement_;
  Services services_;
};

}  // namespace quire::client
