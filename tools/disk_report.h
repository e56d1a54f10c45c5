#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "bookie/offline_inspect.h"
#include "protocol/ids.h"

namespace quire::tools {

// What 'quire disk inspect' shows, for people and for programs.
std::string DirectoryText(const bookie::DirectoryReport& report);
nlohmann::json DirectoryJson(const bookie::DirectoryReport& report);

std::string LedgerText(protocol::LedgerId ledger, const bookie::LedgerReport& report);
nlohmann::json LedgerJson(protocol::LedgerId ledger, const bookie::LedgerReport& report);

}  // namespace quire::tools
