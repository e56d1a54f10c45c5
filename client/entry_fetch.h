#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/services.h"
#include "client/types.h"

namespace quire::client {

// Reads some entries of a ledger once (protocol 1.6): each from one replica first, and from the
// next replica when that one is slow, fails, denies it or sends bytes that do not verify. Many
// entries are asked for in several calls, of one replica after the other: while the client checks
// what came, others read and send. When no replica helps but one was busy, all are asked again
// after a pause; else the metadata is read again once: the bookies may have been replaced. Loop
// thread only; keeps itself alive until it has called back.
class EntryFetch final : public std::enable_shared_from_this<EntryFetch> {
 public:
  using Done = common::Callback<common::Result<std::vector<Entry>>>;

  // `entries`: 1..kMaxEntriesPerCall, ascending, confirmed (the caller checked the bound).
  // `preferred`: the ensemble slot that the first call asks, where it holds an entry; the next
  // calls ask the next ones.
  static void Start(Services& services, metadata::VersionedLedger ledger,
                    std::vector<protocol::EntryId> entries, int preferred, Done done);
  // In how many calls so many entries are asked for, if nothing fails. Striped ones always go to
  // several bookies.
  static int CallsFor(const protocol::Replication& replication, std::size_t entries);

  EntryFetch(Services& services, metadata::VersionedLedger ledger,
             std::vector<protocol::EntryId> entries, int preferred, Done done);

 private:
  struct Wanted {
    protocol::EntryId entry;
    int call = 0;  // entries with the same number may share a call
    std::string bytes;
    protocol::SlotSet asked;
    int outstanding = 0;
    bool found = false;
    bool unknown = false;  // some replica could not say: a retry may help
    bool busy = false;     // some replica had no time: it will say it later
  };

  struct Target {
    protocol::BookieId bookie;
    int slot;
    int call;
    auto operator<=>(const Target&) const = default;
  };

  void AskNext(const std::vector<std::size_t>& indices);
  int NextSlot(const Wanted& wanted) const;  // -1: every replica was asked
  void Ask(const Target& target, std::vector<std::size_t> indices);
  void OnReply(const Target& target, const std::vector<std::size_t>& indices,
               protocol::ReadReply reply);
  void OnHedge();
  void CheckEnd();
  void RereadMetadata();
  void AskBusyLater();
  void Finish(common::Result<std::vector<Entry>> result);

  Services& services_;
  metadata::VersionedLedger ledger_;
  std::vector<Wanted> wanted_;
  const int preferred_;
  Done done_;
  std::size_t missing_;
  bool reread_ = false;              // the metadata was read again
  bool rereading_ = false;           // and what it says has not been tried yet
  int refusals_ = 0;                 // pauses because of busy replicas
  bool pausing_ = false;             // such a pause is under way
  std::int32_t retry_after_ms_ = 0;  // of the next one: the longest that a replica asked for
  bool finished_ = false;
  common::Loop::TimerId hedge_ = 0;
};

}  // namespace quire::client
