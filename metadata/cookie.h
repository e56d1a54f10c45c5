#pragma once

#include <cstdint>
#include <optional>
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
  // In the metadata store only: which bookie took the directory when this one's disk was lost, and
  // when. What this one stored is to be repaired; it never serves again.
  std::optional<protocol::BookieId> replaced_by = {};
  std::int64_t replaced_ms = 0;

  bool operator==(const Cookie&) const = default;
};

std::string EncodeCookie(const Cookie& cookie);
common::Result<Cookie> DecodeCookie(std::string_view value);

// The same as a file in the directory: behind a magic and a CRC. Reads also the bare value, which
// bookies wrote before there was a CRC.
std::string EncodeCookieFile(const Cookie& cookie);
common::Result<Cookie> DecodeCookieFile(std::string_view file);

}  // namespace quire::metadata
