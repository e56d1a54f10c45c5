#include "protocol/uuid.h"

#include <charconv>
#include <cstdio>

#include "common/bytes.h"

namespace quire::protocol::internal {

std::string UuidHex(std::uint64_t high, std::uint64_t low) {
  char text[33];
  std::snprintf(text, sizeof(text), "%016llx%016llx", static_cast<unsigned long long>(high),
                static_cast<unsigned long long>(low));
  return text;
}

std::string UuidBytes(std::uint64_t high, std::uint64_t low) {
  std::string bytes;
  common::AppendBig(bytes, high);
  common::AppendBig(bytes, low);
  return bytes;
}

bool ParseUuidHex(std::string_view text, std::uint64_t& high, std::uint64_t& low) {
  if (text.size() != 32) return false;
  const auto parse = [](std::string_view half, std::uint64_t& out) {
    const auto [end, error] = std::from_chars(half.data(), half.data() + half.size(), out, 16);
    return error == std::errc{} && end == half.data() + half.size();
  };
  return parse(text.substr(0, 16), high) && parse(text.substr(16), low);
}

bool ParseUuidBytes(std::string_view bytes, std::uint64_t& high, std::uint64_t& low) {
  if (bytes.size() != 16) return false;
  high = common::LoadBig<std::uint64_t>(bytes.data());
  low = common::LoadBig<std::uint64_t>(bytes.data() + 8);
  return true;
}

}  // namespace quire::protocol::internal
