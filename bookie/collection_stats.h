#pragma once

#include <cstdint>

namespace quire::bookie {

// What a bookie's space collection has done and what it waits for; a copy for other threads.
struct CollectionStats {
  std::uint64_t rounds = 0;     // since the start
  std::uint64_t dropped = 0;    // ledgers, since the start
  std::uint64_t missing = 0;    // without a record in the last round that got through
  std::uint64_t held_back = 0;  // may go, and wait for a later round or for consent
  std::uint64_t consented = 0;  // of them, those that the next round may drop
  bool believed = true;         // what the metadata store says; else nothing goes
};

}  // namespace quire::bookie
