#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "protocol/messages.h"
#include "rpc/bookie_handler.h"
#include "tests/simulation/chronicle.h"

namespace quire::simulation {

// What one bookie has promised in all its lives, as seen at its door: which entries it
// acknowledged, which it denied to a fencing read, which ledgers it said were fenced. An answer
// that goes against an earlier one is a violation of I5, I8, I9 or I10 (protocol section 3).
class BookieWitness {
 public:
  BookieWitness(std::string name, Chronicle& chronicle)
      : name_(std::move(name)), chronicle_(chronicle) {}

  // Entries it acknowledged, with the hash of their bytes.
  using Entries = std::map<protocol::EntryId, std::size_t>;
  const Entries& acknowledged(protocol::LedgerId ledger) const;
  // What was acknowledged until now may be missing from now on, until it is added and acknowledged
  // again, and no other entry.
  void ExcuseAll();
  bool IsExcused(protocol::LedgerId ledger, protocol::EntryId entry) const;

  // The directory is gone, and with it every promise: a new bookie.
  void Forget() { ledgers_.clear(); }

 private:
  friend class WitnessedHandler;

  struct Ledger {
    Entries acknowledged;
    std::set<protocol::EntryId> denied;  // to a fencing read
    std::set<protocol::EntryId> excused;
    bool fenced = false;  // as it was answered
  };
  struct Offer {  // an add as it came in
    protocol::LedgerId ledger;
    protocol::EntryId entry;
    std::size_t hash;
    bool recovery;
    bool fenced;  // was answered before the add came
    int damages;  // until then
  };

  Offer Note(const protocol::Add& add) const;
  void Acknowledged(const Offer& offer);
  // Which of the entries it had acknowledged when the request came: an add may overtake a read.
  std::set<protocol::EntryId> PromisedOf(const protocol::ReadRequest& request) const;
  void Answered(const protocol::ReadRequest& request, const std::set<protocol::EntryId>& promised,
                const protocol::ReadReply& reply);
  void Answered(const protocol::LacRequest& request, const protocol::LacReply& reply);

  const std::string name_;
  Chronicle& chronicle_;
  std::unordered_map<protocol::LedgerId, Ledger> ledgers_;
  int damages_ = 0;  // times that all was excused
};

// The door: hands everything to the bookie and everything it answers back, and lets the witness see
// both.
class WitnessedHandler final : public rpc::BookieHandler {
 public:
  WitnessedHandler(rpc::BookieHandler& bookie, BookieWitness& witness)
      : bookie_(bookie), witness_(witness) {}

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
  bool Accepting() const override { return bookie_.Accepting(); }

 private:
  rpc::BookieHandler& bookie_;
  BookieWitness& witness_;
};

}  // namespace quire::simulation
