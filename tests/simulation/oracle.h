#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metadata/ledger_metadata.h"
#include "tests/simulation/sim_metadata_tree.h"
#include "tests/simulation/trace.h"

namespace quire::simulation {

// Watches one history from outside and knows what may never happen: the invariants of protocol
// section 3. The first violation is kept; everything after it is a consequence.
class Oracle {
 public:
  explicit Oracle(Trace& trace) : trace_(trace) {}

  // The writer asked for the entry (its ids are given out in this order), and was told OK.
  void Appended(std::string payload) { payloads_.push_back(std::move(payload)); }
  void Acknowledged(protocol::EntryId entry);  // I3, I6

  // Somebody read the entry as confirmed.
  void Read(std::string_view who, protocol::EntryId entry, std::string_view payload);  // I4, I10
  void SawLac(std::string_view who, protocol::EntryId lac);                            // I5

  // A change of a ledger's record in the metadata store.
  void Changed(const Mutation& mutation);  // I1, I7, I11

  // A recovery or a close said that the ledger ended here.
  void Ended(std::string_view who, const metadata::LedgerMetadata& ledger);  // I11

  void Violate(std::string what);

  const std::optional<std::string>& violation() const { return violation_; }
  const std::optional<metadata::LedgerMetadata>& closed() const { return closed_; }
  protocol::EntryId acknowledged() const { return acknowledged_; }
  std::string_view payload(protocol::EntryId entry) const {
    return payloads_[static_cast<std::size_t>(entry.value())];
  }
  // Payload bytes of the entries up to this one.
  std::int64_t LengthTo(protocol::EntryId last) const;

 private:
  Trace& trace_;
  std::vector<std::string> payloads_;  // by entry id
  protocol::EntryId acknowledged_ = protocol::kNoEntry;
  protocol::EntryId highest_read_ = protocol::kNoEntry;  // by anybody, as confirmed
  std::optional<metadata::LedgerMetadata> closed_;
  std::optional<std::string> violation_;
};

}  // namespace quire::simulation
