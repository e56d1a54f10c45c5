#include "metadata/metadata_uri.h"

#include <charconv>
#include <memory>
#include <utility>

#include "metadata/tree_path.h"

namespace quire::metadata {
namespace {

using common::Errc;
using common::Fail;
using common::Result;

constexpr std::string_view kScheme = "zk://";
constexpr int kDefaultPort = 2181;

std::unexpected<common::Error> Bad(std::string_view text, const std::string& why) {
  return Fail(Errc::kInvalidArgument, "metadata address '" + std::string(text) + "' " + why +
                                          "; it looks like zk://host:2181,host:2181/quire");
}

bool IsHost(std::string_view host) {
  if (host.empty()) return false;
  const bool bracketed = host.starts_with('[') && host.ends_with(']') && host.size() > 2;
  if (bracketed) host = host.substr(1, host.size() - 2);
  for (const char c : host) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '-' || c == '_';
    if (!plain && !(bracketed && c == ':')) return false;
  }
  return true;
}

// "host:port", with the default port if there is none.
Result<std::string> ParseServer(std::string_view text, std::string_view server) {
  std::string_view host = server;
  int port = kDefaultPort;
  const std::size_t colon = server.rfind(':');
  const std::size_t bracket = server.rfind(']');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    host = server.substr(0, colon);
    const std::string_view digits = server.substr(colon + 1);
    const char* const begin = std::to_address(digits.begin());
    const char* const end = std::to_address(digits.end());
    const auto [stop, error] = std::from_chars(begin, end, port);
    if (error != std::errc{} || stop != end || port < 1 || port > 65535) {
      return Bad(text, "has the port '" + std::string(digits) + "'");
    }
  }
  if (!IsHost(host)) return Bad(text, "has the host '" + std::string(host) + "'");
  return std::string(host) + ":" + std::to_string(port);
}

}  // namespace

Result<MetadataUri> MetadataUri::Parse(std::string_view text) {
  if (!text.starts_with(kScheme)) return Bad(text, "does not begin with zk://");
  const std::string_view rest = text.substr(kScheme.size());
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return Bad(text, "names no root");
  const std::string_view root = rest.substr(slash);
  if (root == "/" || !CheckPath(root)) return Bad(text, "has the root '" + std::string(root) + "'");
  std::string servers;
  for (std::string_view list = rest.substr(0, slash);;) {
    const std::size_t comma = list.find(',');
    auto server = ParseServer(text, list.substr(0, comma));
    if (!server) return Fail(std::move(server).error());
    servers += (servers.empty() ? "" : ",") + *server;
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return MetadataUri(std::move(servers), std::string(root));
}

}  // namespace quire::metadata
