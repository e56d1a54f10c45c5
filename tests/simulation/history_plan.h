#pragma once

#include <cstdint>
#include <string>

#include "common/loop.h"
#include "protocol/quorum.h"
#include "tests/simulation/fault_profile.h"

namespace quire::simulation {

enum class BookieKind {
  kSimple,  // the protocol alone, in memory: many short histories
  kFull,    // the real journal, store and replay on a simulated disk
};

// What one history is about, drawn from its seed: who takes part, what they do, what goes wrong.
struct HistoryPlan {
  std::uint64_t seed = 0;
  BookieKind kind = BookieKind::kSimple;
  protocol::Replication replication;
  int spares = 0;      // bookies beyond the ensemble
  int entries = 0;     // the writer appends so many
  int window = 1;      // and waits when so many are under way
  int recoverers = 0;  // clients that seal the ledger at some time
  int tailers = 0;     // clients that follow it
  bool closes = true;  // the writer closes at the end, else it falls silent
  bool writer_dies = false;
  common::Duration chaos{0};  // faults happen until then
  FaultProfile faults;

  static HistoryPlan Draw(std::uint64_t seed, BookieKind kind, bool focused);

  int bookies() const { return replication.ensemble + spares; }
  std::string ToString() const;  // one line
};

}  // namespace quire::simulation
