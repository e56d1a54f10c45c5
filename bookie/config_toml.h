#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "bookie/config_option.h"

namespace quire::bookie {

// The options that a file sets. An error has the line and what is allowed: a key that there is not,
// a value of another type, TOML that is none.
std::expected<Settings, std::string> ReadTomlFile(const std::string& path);
// The same of its text; `name` is for errors.
std::expected<Settings, std::string> ReadToml(std::string_view text, const std::string& name);

// A file that sets every option as it is here, under its reason, unit and range.
std::string ToToml(const Config& config);

}  // namespace quire::bookie
