#pragma once

#include <filesystem>
#include <vector>

#include "protocol/ids.h"

namespace quire::nemesis {

// Where writers tell recoverers and tailers of their ledgers: a shared directory with one empty
// file per ledger, named by its id.
class Board {
 public:
  explicit Board(std::filesystem::path directory);

  void Announce(protocol::LedgerId ledger) const;
  // Ascending.
  std::vector<protocol::LedgerId> List() const;

 private:
  const std::filesystem::path directory_;
};

}  // namespace quire::nemesis
