#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "tests/nemesis/copies.h"
#include "tests/nemesis/stage.h"

namespace quire::nemesis {

// What runs when every fault is healed: nothing may fail for good any more.
class FinalRoles {
 public:
  // `after`: the last ledger that is none of this epoch's.
  FinalRoles(Stage& stage, protocol::LedgerId after, std::chrono::seconds patience)
      : stage_(stage), after_(after), give_up_(std::chrono::steady_clock::now() + patience) {}

  // Seals every ledger there is, announced or not; true when all are closed.
  bool SealAll();
  // Reads every ledger into a file of `directory` named by its id: for each entry the size of the
  // payload in four bytes, least significant first, and the payload. "final" in the history has
  // what the metadata say.
  bool ReadAll(const std::filesystem::path& directory);
  // Asks the bookies which entries of every ledger they hold: "copies" in the history.
  bool AuditAll();
  // Deletes every ledger up to `last`: they were checked, and their space is wanted.
  bool DeleteUpTo(protocol::LedgerId last);

 private:
  template <typename Step>
  bool Persist(Step step);
  std::vector<protocol::LedgerId> List();
  std::vector<protocol::LedgerId> ListAndTell();  // "listed" in the history
  bool AuditOne(protocol::LedgerId ledger);
  // nullopt: one did not answer.
  std::optional<Holdings> HoldingsOf(const metadata::LedgerMetadata& ledger);
  bool ReadOne(protocol::LedgerId ledger, const std::filesystem::path& file);

  Stage& stage_;
  const protocol::LedgerId after_;
  const std::chrono::steady_clock::time_point give_up_;
};

}  // namespace quire::nemesis
