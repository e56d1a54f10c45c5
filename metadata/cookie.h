#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/error.h"
#include "protocol/uuid.h"

namespace quire::metadata {

// What a bookie's directory must match: kept there and in the metadata store, so that an emptied, a
// swapped or a foreign directory is noticed (T-17).
struct Cookie {
  protocol::InstanceId instance;
  protocol::BookieId bookie;
  std::string host;       // as advertised
  std::string directory;  // absolute
  std::int64_t created_ms = 0;

  bool operator==(const Cookie&) const = default;
};

std::string EncodeCookie(const Cookie& cookie);
common::Result<Cookie> DecodeCookie(std::string_view value);

}  // namespace quire::metadata
