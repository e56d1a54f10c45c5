#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metadata/ledger_metadata.h"
#include "tests/simulation/chronicle.h"
#include "tests/simulation/sim_metadata_tree.h"
#include "tests/simulation/trace.h"

namespace quire::simulation {

// Watches one ledger from outside and knows what may never happen to it: the invariants of protocol
// section 3. The ledger is known by its owner, a name in its custom map, from its creation on.
class Oracle {
 public:
  Oracle(std::string owner, Chronicle& chronicle, Trace& trace)
      : owner_(std::move(owner)), chronicle_(chronicle), trace_(trace) {}

  static constexpr const char* kOwner = "owner";
  const std::string& owner() const { return owner_; }
  // The writer was given this ledger (T-26).
  void Created(const metadata::LedgerMetadata& ledger);

  // The writer asked for the entry (its ids are given out in this order), and was told OK.
  void Appended(std::string payload) { payloads_.push_back(std::move(payload)); }
  void Acknowledged(protocol::EntryId entry);  // I3, I6

  // Somebody read the entry as confirmed.
  void Read(std::string_view who, protocol::EntryId entry, std::string_view payload);  // I4, I10
  void SawLac(protocol::EntryId lac);                                                  // I5

  // A change of a ledger's record in the metadata store.
  void Changed(const Mutation& mutation);  // I1, I7, I11

  // A recovery or a close said that the ledger ended here.
  void Ended(std::string_view who, const metadata::LedgerMetadata& ledger);  // I11

  void Violate(std::string what) { chronicle_.Violate(std::move(what)); }

  const std::optional<metadata::LedgerMetadata>& closed() const { return closed_; }
  // As the metadata store had it last; nullopt: not created.
  const std::optional<metadata::LedgerMetadata>& newest() const { return newest_; }
  protocol::EntryId acknowledged() const { return acknowledged_; }
  std::size_t appended() const { return payloads_.size(); }
  std::string_view payload(protocol::EntryId entry) const {
    return payloads_[static_cast<std::size_t>(entry.value())];
  }
  // Payload bytes of the entries up to this one.
  std::int64_t LengthTo(protocol::EntryId last) const;

 private:
  bool Mine(const metadata::LedgerMetadata& ledger) const;
  // I7, by rules of our own: the product's would excuse what they forget.
  static bool IsLegal(const metadata::LedgerMetadata& from, const metadata::LedgerMetadata& to);

  const std::string owner_;
  Chronicle& chronicle_;
  Trace& trace_;
  std::vector<std::string> payloads_;  // by entry id
  protocol::EntryId acknowledged_ = protocol::kNoEntry;
  protocol::EntryId highest_read_ = protocol::kNoEntry;  // by anybody, as confirmed
  std::optional<protocol::LedgerId> ledger_;             // that the writer got
  std::optional<metadata::LedgerMetadata> newest_;
  std::optional<metadata::LedgerMetadata> closed_;
};

}  // namespace quire::simulation
