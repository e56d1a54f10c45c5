#include "tools/session.h"

namespace quire::tools {

using common::Errc;
using common::Fail;

common::Result<std::string> Session::MetadataUri() const {
  if (metadata.empty()) {
    return Fail(Errc::kInvalidArgument,
                "no cluster is named: give --metadata zk://host:port/root or set QUIRE_METADATA");
  }
  return metadata;
}

common::Result<std::unique_ptr<client::Client>> Session::Connect() const {
  auto uri = MetadataUri();
  if (!uri) return Fail(std::move(uri).error());
  return client::Client::Connect(*uri);
}

}  // namespace quire::tools
