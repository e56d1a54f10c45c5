#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "protocol/entry.h"
#include "rpc/bookie_handler.h"

namespace quire::rpc::testing {

// One bookie in memory that keeps the contract of protocol 1.3 except durability: what a stock
// client talks to in tests. Loop thread only.
class MemoryBookie final : public BookieHandler {
 public:
  MemoryBookie(common::Loop& loop, protocol::BookieId id) : loop_(loop), id_(id) {}

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
  bool Accepting() const override { return true; }

 private:
  struct Poll {
    protocol::EntryId known_lac;
    common::Callback<protocol::LacReply> done;
    common::Loop::TimerId timer = 0;
  };
  struct Ledger {
    protocol::LedgerKey key;
    bool fenced = false;
    protocol::EntryId lac = protocol::kNoEntry;
    std::map<protocol::EntryId, std::string> entries;
    std::map<int, Poll> polls;
  };

  Ledger& FindOrMake(protocol::LedgerId id, protocol::LedgerKey key);
  protocol::Code AddOne(const protocol::Add& add);
  // kOk, kWrongBookie or kUnauthorized; after kOk the ledger is there and fenced.
  protocol::Code Fence(protocol::LedgerId ledger, protocol::LedgerKey key);
  void Wake(Ledger& ledger);
  static protocol::LacReply LacOf(const Ledger& ledger);

  common::Loop& loop_;
  const protocol::BookieId id_;
  std::unordered_map<protocol::LedgerId, Ledger> ledgers_;
  int last_poll_ = 0;
};

}  // namespace quire::rpc::testing
