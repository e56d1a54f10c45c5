#include "tests/nemesis/payload.h"

#include <array>

namespace quire::nemesis {
namespace {

constexpr std::size_t kMaxMark = 64;

constexpr std::array<std::uint32_t, 256> MakeTable() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t rest = i;
    for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1) ^ ((rest & 1) != 0 ? 0xedb88320U : 0U);
    table[i] = rest;
  }
  return table;
}

}  // namespace

std::string MakePayload(std::string_view writer, std::int64_t seq, std::size_t size,
                        common::Random& random) {
  std::string payload = std::string(writer) + "/" + std::to_string(seq) + ";";
  while (payload.size() < size) {
    const std::uint64_t draw = random();
    for (int shift = 0; shift < 64 && payload.size() < size; shift += 8) {
      payload += static_cast<char>(draw >> shift);
    }
  }
  return payload;
}

std::string_view MarkOf(std::string_view payload) {
  const auto end = payload.substr(0, kMaxMark).find(';');
  if (end == std::string_view::npos) return {};
  const std::string_view mark = payload.substr(0, end);
  for (const char c : mark) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '/';
    if (!plain) return {};
  }
  return mark.find('/') == std::string_view::npos ? std::string_view{} : mark;
}

std::uint32_t Crc32(std::string_view bytes) {
  static constexpr auto kTable = MakeTable();
  std::uint32_t crc = ~0U;
  for (const char c : bytes) crc = (crc >> 8) ^ kTable[(crc ^ static_cast<std::uint8_t>(c)) & 0xff];
  return ~crc;
}

}  // namespace quire::nemesis
