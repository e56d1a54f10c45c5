#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace quire::common {

// A number in the names of files: sixteen hexadecimal digits, so that names sort as numbers do.
inline constexpr std::size_t kHexDigits = 16;

std::string HexDigits(std::uint64_t number);
// Nothing for any other spelling than that of HexDigits.
std::optional<std::uint64_t> ParseHexDigits(std::string_view digits);

}  // namespace quire::common
