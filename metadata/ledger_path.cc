#include "metadata/ledger_path.h"

#include "common/check.h"

namespace quire::metadata {

LedgerPathParts SplitLedgerId(protocol::LedgerId id) {
  QUIRE_CHECK(id.value() >= 0);
  const auto value = static_cast<std::uint64_t>(id.value());
  LedgerPathParts parts;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i] = static_cast<std::uint16_t>(value >> (48 - 16 * i));
  }
  return parts;
}

protocol::LedgerId JoinLedgerId(const LedgerPathParts& parts) {
  std::uint64_t value = 0;
  for (const std::uint16_t part : parts) value = value << 16 | part;
  return protocol::LedgerId(static_cast<std::int64_t>(value));
}

std::string LedgerPath(const LedgerPathParts& parts, std::size_t levels) {
  std::string path = "/ledgers";
  for (std::size_t i = 0; i < levels; ++i) path += "/" + LedgerPathPart(parts[i]);
  return path;
}

std::string LedgerPathPart(std::uint16_t part) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string name;
  for (int shift = 12; shift >= 0; shift -= 4) name.push_back(kDigits[part >> shift & 0xf]);
  return name;
}

std::optional<std::uint16_t> ParseLedgerPathPart(std::string_view name) {
  if (name.size() != 4) return std::nullopt;
  std::uint16_t part = 0;
  for (const char c : name) {
    int digit = 0;
    if (c >= '0' && c <= '9') {
      digit = c - '0';
    } else if (c >= 'a' && c <= 'f') {
      digit = c - 'a' + 10;
    } else {
      return std::nullopt;
    }
    part = static_cast<std::uint16_t>(part << 4 | digit);
  }
  return part;
}

}  // namespace quire::metadata
