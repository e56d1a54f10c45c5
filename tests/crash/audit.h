#pragma once

#include <cstdint>

#include "tests/crash/oracle.h"
#include "tests/crash/process.h"

namespace quire::crash {

// Looks into the index of a stopped bookie: no entry twice, nothing of deleted ledgers, and
// segments count as live what its extents have there, no less and no more. Opening it changes the
// disk.
void CheckIndex(Machine& machine, Oracle& oracle);

// Asks a bookie that has just started for everything it has, through its public requests, and
// settles the oracle by it: every ledger it names and every one the oracle knows, their states,
// lists, and each listed entry with its bytes. Fences are also tried by an add that they must
// refuse. Entries read back are counted.
std::uint64_t Audit(Process& process, Oracle& oracle);

// The bookie takes new entries and answers for them: a ledger of its own gets some, which are read
// back.
void CheckServes(Process& process, Oracle& oracle, protocol::LedgerId ledger);

// All ledgers are deleted, and with them go all segments. What the index kept of a ledger deleted
// before a crash would hold its segments for ever.
void CheckGivesSpaceBack(Process& process, Oracle& oracle);

}  // namespace quire::crash
