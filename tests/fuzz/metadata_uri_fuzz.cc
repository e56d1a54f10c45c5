// The address of a cluster's metadata. Input: the text.

#include <algorithm>
#include <string>

#include "common/check.h"
#include "metadata/metadata_uri.h"
#include "metadata/tree_path.h"
#include "tests/fuzz/fuzz_target.h"

namespace quire::fuzz {
namespace {

// "host:port", as the ZooKeeper client takes it.
void CheckServer(std::string_view server) {
  const std::size_t colon = server.rfind(':');
  QUIRE_CHECK(colon != std::string_view::npos && colon > 0);
  const int port = std::stoi(std::string(server.substr(colon + 1)));
  QUIRE_CHECK(port >= 1 && port <= 65535);
  QUIRE_CHECK(server.substr(colon + 1) == std::to_string(port));
  const bool plain = std::ranges::none_of(
      server, [](unsigned char c) { return c <= ' ' || c >= 0x7f || c == ',' || c == '/'; });
  QUIRE_CHECK(plain);
}

}  // namespace

void Run(std::string_view input) {
  const auto uri = metadata::MetadataUri::Parse(input);
  if (!uri) {
    QUIRE_CHECK(uri.error().code() == common::Errc::kInvalidArgument);
    QUIRE_CHECK(!uri.error().context().empty());
    return;
  }
  for (std::string_view rest = uri->servers(); !rest.empty();) {
    const std::string_view server = rest.substr(0, rest.find(','));
    CheckServer(server);
    rest.remove_prefix(std::min(rest.size(), server.size() + 1));
  }
  QUIRE_CHECK(!uri->servers().empty() && uri->root().size() > 1);
  QUIRE_CHECK(metadata::CheckPath(uri->root()).has_value());
  QUIRE_CHECK(input.ends_with(uri->root()));
  // What was understood is understood the same way when it is written out.
  const auto again = metadata::MetadataUri::Parse("zk://" + uri->servers() + uri->root());
  QUIRE_CHECK(again && again->servers() == uri->servers() && again->root() == uri->root());
}

}  // namespace quire::fuzz
