#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/quorum.h"

namespace quire::exhaustive {

inline constexpr int kMaxBookies = 4;
inline constexpr int kMaxEntries = 3;
inline constexpr int kMaxRecoverers = 3;

// What the model around the machines does wrong on purpose, to see that the exploration notices.
// The numbers are those of the mutation list (protocol 4).
enum class Deviation {
  kNone,
  kReadsDoNotFence,       // M1: recovery reads do not carry the fence
  kNegativeBeforeFence,   // M3: "not there" is answered before the fence is durable
  kVolatileFence,         // M4: a restart forgets the fence
  kAckBeforeSync,         // M5: an add is acknowledged before it is durable
  kUnknownNotFenced,      // M23: a fence of a ledger never seen leaves no trace
  kRecoveryAddRefused,    // M24: the fence refuses recovery adds too
  kVisibleOnlyAfterSync,  // M33: a read sees an entry once it is durable, and not from admission on
};

// How often each fault may happen in one schedule.
struct Budgets {
  int timeouts = 0;      // calls that end unanswered: request lost, request late, or answer lost
  int crashes = 0;       // of bookies, each losing records that are not synced
  int lost_answers = 0;  // of compare-and-swaps that are applied, at once or later
};

// One bounded world: how many of what, and which faults.
struct Configuration {
  std::string name;
  protocol::Replication replication;
  int spares = 0;
  int entries = 2;
  int recoverers = 2;
  int window = 1;             // appends under way at once
  bool writer_closes = true;  // once all its entries are confirmed
  Budgets budgets;
  Deviation deviation = Deviation::kNone;
  // Check I8 at the bookies. Without it a broken fence is noticed by what it does to the ledger.
  bool check_fences = true;

  // Reductions, each of which can be left out to see that nothing changes by it.
  bool merge_states = true;  // machines in equal states are one, however they came there
  bool symmetry = true;      // worlds that differ in the names of slots and bookies only are one
  bool eager = true;         // steps that no other step can interfere with are taken at once

  int bookies() const { return replication.ensemble + spares; }
  // "3/3/2, 2 entries, 2 recoverers, 1 timeout".
  std::string ToString() const;
};

// "3/3/2", "3/2/2", "2/2/1"; with "+1" one spare bookie.
std::vector<std::string> ConfigurationNames();
// Aborts on a name that is not one of those.
Configuration NamedConfiguration(std::string_view name);

}  // namespace quire::exhaustive
