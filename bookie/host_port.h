#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace quire::bookie {

struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};

// "HOST:PORT", the port after the last colon, so that IPv6 addresses need no brackets.
std::optional<HostPort> ParseHostPort(std::string_view text);

bool IsNumericAddress(const std::string& host);
// 0.0.0.0 or ::, every interface: an address to listen at and none to connect to.
bool IsAnyAddress(const std::string& host);

}  // namespace quire::bookie
