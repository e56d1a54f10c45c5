#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bookie/ledger_table.h"
#include "bookie/log.h"
#include "bookie/metrics_snapshot.h"
#include "bookie/shard_health.h"
#include "bookie/shard_options.h"
#include "common/error.h"
#include "common/loop.h"
#include "protocol/messages.h"

namespace quire::bookie {

// One bookie: one directory with its own journal, store and ledgers (protocol 1.3). Every ledger
// has one owner, this object on its loop (T-05); what blocks runs on the workers of ShardResources.
//
// Destroying a shard is a crash: what is not durable may be lost and pending requests get no
// answer. Stop first for a clean end.
class Shard {
 public:
  struct Events {
    // The mode changed, on the loop. Not called before Start; ask mode() then.
    std::function<void(ShardMode)> mode;
  };

  Shard(common::Loop& loop, protocol::BookieId bookie, ShardResources resources,
        const ShardOptions& options, const Log& log, Events events);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  // Opens store and journal and replays what the index does not have. Blocking, on any one thread,
  // before anything else is called. A shard that fails to open is good for nothing but destruction.
  common::Result<void> Open(const Storage& storage);

  // Everything from here on: loop thread only, after Open.
  void Start();
  // Answers held polls, flushes everything and completes. The caller sends no more requests. An
  // error: not flushed, the next Open replays the journal.
  void Stop(common::Callback<common::Result<void>> done);

  // The requests; rpc::BookieHandler says how they answer.
  void Add(std::span<const protocol::Add> adds, common::Callback<std::vector<protocol::Code>> done);
  void Read(protocol::ReadRequest request, common::Callback<protocol::ReadReply> done);
  void Lac(const protocol::LacRequest& request, common::Callback<protocol::LacReply> done);
  void WriteLac(const protocol::WriteLacRequest& request,
                common::Callback<protocol::WriteLacReply> done);
  void ListEntries(const protocol::ListEntriesRequest& request,
                   common::Callback<protocol::ListEntriesReply> done);
  protocol::BookieStatus Status() const;
  // All but whether it is registered, which it does not know.
  ShardSnapshot Snapshot() const;
  // Null: this bookie has failed, or has none.
  Compactor* compactor();
  Scrubber* scrubber();

  // False: over a bound of bytes, ask again later. A failed shard accepts, to refuse.
  bool Accepting() const;

  // When somebody who is told kBusy now may come back.
  std::int32_t RetryAfterMs() const;

  // See LedgerTable::Step.
  bool Step(LedgerWalk& walk) const;
  // The key is that of the ledger here, or the ledger has none here.
  bool HasKey(protocol::LedgerId ledger, const protocol::LedgerKey& key) const;
  // The cluster has deleted the ledger: bury it, durably (T-28). Its space comes back with
  // GiveBack, in one commit with that of others, or before.
  void Bury(protocol::LedgerId ledger);
  void GiveBack();
  void Drop(protocol::LedgerId ledger) {  // alone
    Bury(ledger);
    GiveBack();
  }
  // Nobody in the cluster knows the dropped ledger any more: of its tombstone only the id is kept.
  // False: the tombstone is not stored yet, or there is none; nothing was done.
  bool Settle(protocol::LedgerId ledger);
  // Of the settled ledgers.
  const Tombstones& tombstones() const;

  // Everything is answered kUnknown from now on, until the daemon starts again: what is here may
  // be neither confirmed nor denied. For people: why, and what to do about it.
  void Fail(const common::Error& error, std::string_view why = "a disk failed",
            std::string_view advice = "check the disk, then start the daemon again");
  void SetReadOnly(bool read_only);
  ShardMode mode() const;
  protocol::BookieId bookie() const { return bookie_; }
  std::uint64_t conflicts() const;

 private:
  struct Parts;

  common::Result<void> OpenStorage(const Storage& storage);
  void Durable(std::uint64_t lsn);

  // Constant after construction.
  const protocol::BookieId bookie_;
  const ShardResources resources_;
  const Events events_;
  const std::unique_ptr<Parts> parts_;
  // Loop thread.
  bool started_ = false;
};

}  // namespace quire::bookie
