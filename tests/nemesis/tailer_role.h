#pragma once

#include "tests/nemesis/stage.h"

namespace quire::nemesis {

// Follows ledgers from their first entry until it is told to stop: mostly new ones as they grow,
// and now and then one that may have been closed long ago. In the history a handle ("r") has "lac"
// each time it learns more and "read" with the entries it got.
class TailerRole {
 public:
  explicit TailerRole(Stage& stage) : stage_(stage) {}

  void Run();

 private:
  void Follow(protocol::LedgerId ledger);
  // Reads what is confirmed and not read yet; false: not now.
  bool CatchUp(client::LedgerReader& reader, protocol::EntryId lac);

  Stage& stage_;
  std::int64_t handles_ = 0;
  std::string handle_;         // of the ledger being followed, as are the two below
  protocol::EntryId next_{0};  // to be read
  client::Progress known_;
};

}  // namespace quire::nemesis
