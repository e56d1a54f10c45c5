#include "tests/nemesis/board.h"

#include <algorithm>
#include <fstream>
#include <string>
#include <utility>

namespace quire::nemesis {

Board::Board(std::filesystem::path directory) : directory_(std::move(directory)) {
  std::filesystem::create_directories(directory_);
}

void Board::Announce(protocol::LedgerId ledger) const {
  std::ofstream(directory_ / std::to_string(ledger.value()));
}

std::vector<protocol::LedgerId> Board::List() const {
  std::vector<protocol::LedgerId> ledgers;
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    ledgers.emplace_back(std::stoll(entry.path().filename().string()));
  }
  std::ranges::sort(ledgers);
  return ledgers;
}

}  // namespace quire::nemesis
