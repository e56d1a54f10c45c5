#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/ids.h"

namespace quire::metadata {

// Where a ledger's record is: its id as 16 hexadecimal digits, four to a level, so that no node has
// more than 65,536 children and names sort as the ids do.
using LedgerPathParts = std::array<std::uint16_t, 4>;

LedgerPathParts SplitLedgerId(protocol::LedgerId id);
protocol::LedgerId JoinLedgerId(const LedgerPathParts& parts);

// The path of the first `levels` parts: "/ledgers" for none, the record itself for four.
std::string LedgerPath(const LedgerPathParts& parts, std::size_t levels);

std::string LedgerPathPart(std::uint16_t part);  // "002a"
std::optional<std::uint16_t> ParseLedgerPathPart(
    std::string_view);  // of four lower-case digits only

}  // namespace quire::metadata
