#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/loop.h"
#include "protocol/quorum.h"
#include "tests/simulation/fault_profile.h"

namespace quire::simulation {

enum class BookieKind {
  kSimple,  // the protocol alone, in memory: many short histories
  kFull,    // the real journal, store and replay on a simulated disk
};

// What kind of histories a seed stands for. The same seed is another history under each.
enum class Profile {
  kUniform,  // simple bookies, any fault
  kFocused,  // simple bookies, what uniform faults meet too rarely
  kFull,     // the same with full ones
  kFullFocused,
};
std::string_view ProfileName(Profile profile);
std::optional<Profile> ParseProfile(std::string_view name);

// What one history is about, drawn from its seed: who takes part, what they do, what goes wrong.
struct HistoryPlan {
  std::uint64_t seed = 0;
  Profile profile = Profile::kUniform;
  BookieKind kind = BookieKind::kSimple;
  protocol::Replication replication;
  int spares = 0;      // bookies beyond the ensemble
  int entries = 0;     // the writer appends so many
  int window = 1;      // and waits when so many are under way
  int recoverers = 0;  // clients that seal the ledger at some time
  int tailers = 0;     // clients that follow it
  bool closes = true;  // the writer closes at the end, else it falls silent
  bool writer_dies = false;
  bool deletes = false;    // there is another ledger, and somebody deletes it
  bool stranger = false;   // ledgers of somebody else have the ids that come next
  bool core_only = false;  // some bookies stay away for ever; the others must do (liveness)
  // A link from the writer to a bookie is clogged until the world heals: what it sent arrives then.
  bool clogs_writer = false;
  common::Duration chaos{0};  // faults happen until then
  FaultProfile faults;

  static HistoryPlan Draw(std::uint64_t seed, Profile profile);

  int bookies() const { return replication.ensemble + spares; }
  std::string ToString() const;  // one line
};

}  // namespace quire::simulation
