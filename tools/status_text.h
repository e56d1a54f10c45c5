#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace quire::tools {

// A daemon's /status for people: a line for each member, those of a member that is an object side
// by side, and a paragraph for each of its bookies. Whatever /status tells is shown, but for the
// time of the start, which the uptime says; units come from the names, as in "free_bytes".
std::string StatusText(const nlohmann::ordered_json& status);

}  // namespace quire::tools
