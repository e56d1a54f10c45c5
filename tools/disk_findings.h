#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "bookie/offline_finding.h"
#include "common/error.h"
#include "tools/exit_codes.h"

namespace quire::tools {

// Says why a directory cannot be opened; returns the exit status.
[[nodiscard]] int CannotOpen(const std::string& command, const common::Error& error);

// For people: a few lines for each finding; empty without findings.
std::string FindingsText(const bookie::FindingList& findings);
nlohmann::json FindingsJson(const bookie::FindingList& findings);

// "1 damage, 2 harmless" or "no damage".
std::string FindingsCount(const bookie::FindingList& findings);

// The exit status of a command whose answer was printed with that one.
int DamageStatus(const bookie::FindingList& findings, int printed);

}  // namespace quire::tools
