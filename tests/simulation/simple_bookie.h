#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "rpc/bookie_handler.h"
#include "tests/simulation/sim_loop.h"
#include "tests/simulation/simple_disk.h"

namespace quire::simulation {

struct SimpleBookieOptions {
  protocol::BookieId id;
  common::Duration sync = std::chrono::microseconds(200);  // of the journal, typically
  std::size_t max_unsynced = 4096;  // records; over it nothing more is accepted for the moment
};

// A bookie of one directory without files: protocol 1.3 and nothing else, for fast histories of the
// protocol. An entry is visible from the turn that admits it and acknowledged when the sync that
// covers it, a later event, is done; every answer to a fencing request waits for the fence. Made
// again on the same disk after a crash, it replays. Loop thread only.
class SimpleBookie final : public rpc::BookieHandler {
 public:
  SimpleBookie(SimLoop& loop, SimpleDisk& disk, SimpleBookieOptions options);
  SimpleBookie(const SimpleBookie&) = delete;
  SimpleBookie& operator=(const SimpleBookie&) = delete;

  void Add(protocol::BookieId bookie, std::span<const protocol::Add> adds,
           common::Callback<std::vector<protocol::Code>> done) override;
  void Read(protocol::ReadRequest request, common::Callback<protocol::ReadReply> done) override;
  void Lac(protocol::LacRequest request, common::Callback<protocol::LacReply> done) override;
  void WriteLac(protocol::WriteLacRequest request,
                common::Callback<protocol::WriteLacReply> done) override;
  void ListEntries(protocol::ListEntriesRequest request,
                   common::Callback<protocol::ListEntriesReply> done) override;
  void Status(protocol::StatusRequest request,
              common::Callback<protocol::StatusReply> done) override;
  bool Accepting() const override { return disk_.last() - disk_.synced() < options_.max_unsynced; }

  // The disk is full: no entries but recovery adds; fences and LACs as ever (D12).
  void set_read_only(bool read_only) { read_only_ = read_only; }
  // What the garbage collection and the integrity check of a bookie do; durable after the next
  // sync.
  void Delete(protocol::LedgerId ledger);
  void PutInLimbo(protocol::LedgerId ledger);

  // For oracles: what was acknowledged for good. Null: no such entry on stable storage.
  const std::string* DurableEntry(protocol::LedgerId ledger, protocol::EntryId entry) const;
  bool IsFenced(protocol::LedgerId ledger) const;

 private:
  using Lsn = SimpleDisk::Lsn;
  struct Ledger {
    protocol::LedgerKey key;  // nil: not fixed yet
    bool fenced = false;
    bool limbo = false;
    bool deleted = false;
    Lsn shut = 0;  // of the fence or the tombstone
    protocol::EntryId lac = protocol::kNoEntry;
    Lsn lac_lsn = 0;
    std::map<protocol::EntryId, Lsn> entries;
  };
  struct Poll {
    std::uint64_t id;
    protocol::LedgerId ledger;
    protocol::EntryId known;
    common::Loop::TimerId timer;
    common::Callback<protocol::LacReply> done;
  };
  struct Waiting {
    Lsn lsn;
    common::Task reply;
  };
  struct AddResult {
    protocol::Code code;
    Lsn lsn = 0;  // durable when this is
  };

  Ledger* Find(protocol::LedgerId ledger);
  const Ledger* Find(protocol::LedgerId ledger) const;
  // Applies a record to what is in memory: when it is appended and when it is replayed.
  void Apply(const SimpleRecord& record, Lsn lsn);
  Lsn Append(SimpleRecord record);
  void SyncLater();
  void OnSynced(Lsn lsn);
  void WhenDurable(Lsn lsn, common::Task reply);

  AddResult AddOne(const protocol::Add& add);
  // Fences durably and gives the record to wait for, or why not.
  std::expected<Lsn, protocol::Code> Fence(protocol::LedgerId ledger,
                                           const protocol::LedgerKey& key);
  protocol::EntryAnswer Answer(const Ledger& ledger, protocol::EntryId entry) const;
  protocol::LacReply LacOf(protocol::LedgerId ledger) const;
  // Answers the long polls of a ledger that have something to hear.
  void WakePolls(protocol::LedgerId ledger);
  template <typename Condition>
  void EndPolls(Condition ends);

  SimLoop& loop_;
  SimpleDisk& disk_;
  const SimpleBookieOptions options_;
  bool read_only_ = false;
  std::unordered_map<protocol::LedgerId, Ledger> ledgers_;
  std::vector<Waiting> waiting_;
  bool syncing_ = false;
  std::vector<Poll> polls_;
  std::uint64_t last_poll_ = 0;
};

}  // namespace quire::simulation
