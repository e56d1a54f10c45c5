#pragma once

#include <set>

#include "tests/simulation/cast.h"
#include "tests/simulation/oracle.h"

namespace quire::simulation {

// What the bookies hold when all is over, against what they and the metadata promise: I2 and I10 of
// protocol section 3, and that the space of deleted ledgers is given back.
class Inventory {
 public:
  Inventory(Environment environment, const Cast& cast) : environment_(environment), cast_(cast) {}

  // Each entry of the closed ledger has Qa correct copies in the write set that the metadata names,
  // but for those on bookies that lost theirs; and at least one. Each bookie has what it
  // acknowledged.
  void CheckClosed(const Oracle& oracle, const protocol::Replication& replication);
  // Nobody holds anything of it.
  bool IsCollected(protocol::LedgerId ledger);

 private:
  // The correct entries of the oracle's ledger that the bookie gives back.
  std::set<protocol::EntryId> Fetch(const BookieNode& bookie, const Oracle& oracle);
  protocol::ReadReply Read(const BookieNode& bookie, protocol::LedgerId ledger,
                           std::vector<protocol::EntryId> entries);

  Environment environment_;
  const Cast& cast_;
};

}  // namespace quire::simulation
