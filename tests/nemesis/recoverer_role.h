#pragma once

#include "tests/nemesis/stage.h"

namespace quire::nemesis {

// Seals ledgers until it is told to stop: of writers that are gone, of writers at work, and ones
// that were sealed before. "seal" in the history has the end that the seal told.
class RecovererRole {
 public:
  explicit RecovererRole(Stage& stage) : stage_(stage) {}

  void Run();

 private:
  Stage& stage_;
};

// One seal with its lines in the history; true when the ledger is closed.
bool Seal(Stage& stage, protocol::LedgerId ledger);

}  // namespace quire::nemesis
