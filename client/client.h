#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "client/ledger_reader.h"
#include "client/ledger_writer.h"
#include "client/types.h"
#include "metadata/ledger_store.h"
#include "metadata/metadata_store.h"
#include "metadata/registry.h"
#include "protocol/messages.h"

namespace quire::client {

// What a recovery ended with.
struct SealResult {
  metadata::LedgerMetadata ledger;  // closed
  bool was_closed = false;          // it was closed before; nothing was done
  std::int64_t recovered = 0;  // entries above the last known LAC that were kept and copied back
};

// A connection to a Quire cluster: makes writers and readers, seals, deletes and lists ledgers.
// Runs one thread of its own. Thread-safe. Every call blocks until its outcome is known, within the
// bounds of Timing; none may be made from inside a callback (which run on the client's thread).
// Writers and readers may outlive the client: their calls then end with kShutdown.
class Client {
 public:
  // "zk://host:port[,host:port]/root". kMetadataUnavailable when ZooKeeper does not answer within
  // about ten seconds, kWrongInstance when there is no cluster at that root.
  static common::Result<std::unique_ptr<Client>> Connect(const std::string& metadata_uri);

  // Over another metadata store, made for the client's loop: in-memory clusters.
  using MakeStore =
      std::function<common::Result<std::unique_ptr<metadata::MetadataStore>>(common::Loop& loop)>;
  static common::Result<std::unique_ptr<Client>> Connect(const MakeStore& make_store);

  // Calls under way end with kShutdown.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // A new, empty ledger with this handle as its only writer, ever.
  common::Result<std::unique_ptr<LedgerWriter>> CreateLedger(const CreateOptions& options,
                                                             const WriterOptions& writer = {});

  // Opens for reading what is confirmed, also while the ledger is being written. Never disturbs the
  // writer.
  common::Result<std::unique_ptr<LedgerReader>> OpenLedger(protocol::LedgerId id);

  // Recovers the ledger of a writer that is gone: fences the bookies, finds the last entry that may
  // have been acknowledged, restores it to full replication and closes the ledger. The writer, if
  // it lives after all, can acknowledge nothing more. Any number of clients at once agree on the
  // end.
  common::Result<SealResult> SealLedger(protocol::LedgerId id);

  common::Result<void> DeleteLedger(protocol::LedgerId id);
  common::Result<metadata::LedgerMetadata> DescribeLedger(protocol::LedgerId id);
  common::Result<metadata::VersionedLedger> DescribeVersion(protocol::LedgerId id);
  // Up to `limit` ledgers with ids above `after`, ascending. Begin with LedgerId(-1).
  common::Result<std::vector<metadata::LedgerMetadata>> ListLedgers(protocol::LedgerId after,
                                                                    std::size_t limit);

  common::Result<std::vector<metadata::BookieInfo>> ListBookies();
  // All bookies there ever were, also those that are down or lost their disk.
  common::Result<std::vector<metadata::Cookie>> ListCookies();
  // Asks a daemon ("host:port") about itself.
  common::Result<protocol::StatusReply> BookieStatus(const std::string& address);
  // Entry runs that one bookie holds of a ledger, from `from` on.
  common::Result<protocol::ListEntriesReply> ListEntries(protocol::BookieId bookie,
                                                         protocol::LedgerId ledger,
                                                         protocol::EntryId from);

 private:
  Client();
  common::Result<void> Start(const MakeStore& make_store);

  const std::shared_ptr<class ClientCore> core_;
};

}  // namespace quire::client
