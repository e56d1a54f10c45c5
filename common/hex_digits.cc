#include "common/hex_digits.h"

#include <charconv>

namespace quire::common {

std::string HexDigits(std::uint64_t number) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string digits;
  for (int shift = 60; shift >= 0; shift -= 4) digits += kDigits[(number >> shift) & 0xf];
  return digits;
}

std::optional<std::uint64_t> ParseHexDigits(std::string_view digits) {
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  if (parsed.ec != std::errc() || HexDigits(number) != digits) return std::nullopt;
  return number;
}

}  // namespace quire::common
