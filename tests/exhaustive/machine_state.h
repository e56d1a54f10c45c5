#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/recovery_protocol.h"
#include "client/write_protocol.h"
#include "tests/exhaustive/configuration.h"
#include "tests/exhaustive/contents.h"
#include "tests/exhaustive/registers.h"

namespace quire::exhaustive {

// Where each slot goes. Slots and bookies are renamed alike: without spares slot i is bookie i.
using Renaming = std::array<std::uint8_t, kMaxBookies>;
inline constexpr Renaming kNoRenaming = {0, 1, 2, 3};

// The renamings under which the worlds of a configuration are equal in all they can do: all of the
// slots when every entry goes to every slot and there is no spare to prefer one failed slot for,
// else only the one that changes nothing. The first changes nothing.
std::vector<Renaming> SymmetriesOf(const Configuration& configuration);

// The whole state of a machine as bytes, private members included, as it is under a renaming. Two
// machines with equal bytes do the same for ever, given the same events; so two schedules that lead
// to equal bytes need not be told apart. Left out is what can have no effect here: the text of
// messages; counters with far bounds (changes, busy runs: the bookies of the model are never busy);
// the numbers of generations (an answer is of this generation of its slot, or an older one); and
// the confirmed entries that a writer keeps only for those.
std::string StateOf(const client::WriteProtocol& machine, const Renaming& renaming,
                    Contents& contents, Registers& registers);
std::string StateOf(const client::RecoveryProtocol& machine, const Renaming& renaming,
                    Contents& contents, Registers& registers);

// Of each slot, how often it began anew.
using Generations = std::array<std::uint32_t, kMaxBookies>;
Generations GenerationsOf(const client::WriteProtocol& machine);
Generations GenerationsOf(const client::RecoveryProtocol& machine);  // of its writes

// How the recovery ended, if it did.
const std::optional<common::Result<metadata::VersionedLedger>>& ResultIfFinished(
    const client::RecoveryProtocol& machine);
// The highest entry that a recovery under way decided to keep, once it has found the end; else
// INT8_MAX.
std::int8_t DecidedEnd(const client::RecoveryProtocol& machine);
// The lowest entry that is not decided, while it reads; else 0.
std::uint8_t NextRead(const client::RecoveryProtocol& machine);

}  // namespace quire::exhaustive
