#pragma once

#include <memory>
#include <vector>

#include "client/services.h"
#include "client/types.h"

namespace quire::client {

// Reads one ledger without ever fencing it. Follows its metadata, so that it sees ensemble changes,
// repairs and the close. Loop thread only; held by shared_ptr while calls are under way.
class Reader final : public std::enable_shared_from_this<Reader> {
 public:
  using ReadDone = common::Callback<common::Result<std::vector<Entry>>>;
  using ProgressDone = common::Callback<common::Result<Progress>>;

  Reader(Services& services, metadata::VersionedLedger ledger);
  ~Reader();

  // Begins to watch the metadata.
  void Start();
  // No more waiting: a Wait under way ends with kShutdown.
  void Stop();

  const metadata::LedgerMetadata& metadata() const { return *ledger_.value; }
  // What this handle knows, without asking anybody. The LAC never goes back.
  Progress progress() const;

  // Entries first..last, or a prefix of them (at least one): as many as make one round of calls.
  // kNoSuchEntry when `last` is above the LAC known here.
  void Read(protocol::EntryId first, protocol::EntryId last, ReadDone done);

  // Asks the bookies for the LAC; sees every append that was acknowledged and then followed by
  // another append, or by a moment of silence, before the call.
  void ReadLac(ProgressDone done);

  // Completes when more than `known` is readable or the ledger is closed, or with what is known
  // after `at_most`. Waits on the bookies (long poll) and on the metadata. One at a time.
  void Wait(protocol::EntryId known, common::Duration at_most, ProgressDone done);

 private:
  struct SlotPoll {
    protocol::BookieId bookie;
    std::uint64_t call = 0;  // tells the last call of this slot from those before
    bool busy = false;       // that call is under way, or a pause after it
  };

  void Adopt(metadata::VersionedLedger ledger);
  void Advance(protocol::EntryId lac);
  void RereadMetadata();
  void RereadLater();
  void Poll();
  void PollSlot(std::size_t slot, protocol::BookieId bookie);
  void PauseSlot(std::size_t slot);
  void CheckWait();
  void EndWait(common::Result<Progress> result);

  Services& services_;
  metadata::VersionedLedger ledger_;
  metadata::MetadataStore::WatchHandle watch_;
  protocol::EntryId lac_ = protocol::kNoEntry;
  int preferred_ = 0;  // the slot that the next read asks first
  bool stopped_ = false;

  ProgressDone waiting_;
  protocol::EntryId wait_known_ = protocol::kNoEntry;
  common::Loop::TimerId wait_timer_ = 0;
  std::vector<SlotPoll> polls_;  // of each slot, once somebody waited
  bool reread_under_way_ = false;
  bool reread_again_ = false;  // the metadata changed while that one was under way
  bool reread_timer_ = false;
};

}  // namespace quire::client
