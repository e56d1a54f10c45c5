#include "bookie/host_port.h"

#include <arpa/inet.h>

#include <charconv>

namespace quire::bookie {

std::optional<HostPort> ParseHostPort(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) {
    return std::nullopt;
  }
  return HostPort{.host = std::string(text.substr(0, colon)), .port = port};
}

bool IsNumericAddress(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

bool IsAnyAddress(const std::string& host) {
  return host == "0.0.0.0" || host == "::";
}

}  // namespace quire::bookie
