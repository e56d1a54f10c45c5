#pragma once

#include <string>

#include "common/loop.h"
#include "common/random.h"
#include "tests/simulation/chance.h"

namespace quire::simulation {

// What goes wrong in one world and how often. Drawn from the seed: each kind of fault is off in
// many worlds and has a rate of its own in the others, for a world where everything fails at once
// hides what two faults do together (swarm testing).
struct FaultProfile {
  std::string name = "none";

  // The network. Rates are of messages.
  common::Duration delay = std::chrono::microseconds(100);  // typical, one way
  bool reorder = false;  // messages of one link may overtake each other
  PerMillion drop = 0;
  PerMillion duplicate = 0;       // of requests
  PerMillion late = 0;            // arrives after its sender has given up
  PerMillion fence_lac_drop = 0;  // of LAC requests that fence, beside `drop` (T-01)
  PerMillion silent_death = 0;    // of connections to a killed server: no reset, only timeouts

  // How often something happens, on the average; zero: never.
  common::Duration clog_every{0};   // a link holds its messages for a while
  common::Duration cut_every{0};    // a link loses its messages for a while
  common::Duration reset_every{0};  // a connection breaks
  common::Duration swizzle_every{
      0};                           // links of a node clog one by one, then unclog in another order
  common::Duration crash_every{0};  // a bookie dies and loses what was not synced
  common::Duration kill_every{0};   // a client dies
  common::Duration pause_every{0};  // a process stands still

  // Bookies that lose something: never so many that all copies of an entry may be gone.
  common::Duration wipe_every{0};   // the directory is emptied: another bookie at the same address
  common::Duration limbo_every{0};  // entries are lost and the bookie knows (simple bookies)
  common::Duration rot_every{0};    // a bit of a segment flips (real bookies)
  common::Duration swap_every{0};   // two bookies come back at each other's address
  // Somebody sends other bytes for an entry that a bookie has (T-37).
  common::Duration forge_every{0};

  // Disks.
  common::Duration sync = std::chrono::microseconds(200);  // typical
  common::Duration disk_error_every{0};                    // a write or a sync fails (real bookies)
  common::Duration disk_full_every{0};                     // there is no room for a while

  // The metadata store. Rates are of calls.
  common::Duration metadata_delay = std::chrono::microseconds(500);  // typical, one way
  PerMillion ambiguous = 0;  // of writes; a third each applied now, later and never (T-26)
  PerMillion unavailable = 0;
  PerMillion late_watch = 0;         // of hints
  common::Duration outage_every{0};  // of each session
  common::Duration expiry_every{0};  // of each session

  // Nothing fails.
  static FaultProfile None() { return {}; }
  // A swarm: every kind of fault is on with even chance and has a drawn rate.
  static FaultProfile Draw(common::Random& random);
  // For what uniform faults meet too rarely: slow syncs and crashes close together, LAC fences lost
  // (protocol section 4, bias; T-01, T-03). The links to clog are the caller's choice.
  static FaultProfile Focused(common::Random& random);

  // One line; what is off is left out.
  std::string ToString() const;
};

}  // namespace quire::simulation
