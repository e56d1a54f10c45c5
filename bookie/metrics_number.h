#pragma once

#include <array>
#include <charconv>
#include <string>

namespace quire::bookie {

// The shortest decimal text that reads back as the same number, whatever the locale. Finite
// numbers.
inline std::string ShortestText(double value) {
  std::array<char, 32> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  return {digits.data(), end};
}

}  // namespace quire::bookie
