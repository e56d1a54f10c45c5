#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "common/error.h"
#include "protocol/uuid.h"

namespace quire::metadata {

struct BookieInfo {
  protocol::BookieId bookie;
  std::string address;  // host:port of the daemon that holds it
  bool writable = true;
  std::string http = {};  // host:port of its pages for operators; empty: it has none

  auto operator<=>(const BookieInfo&) const = default;
};

// A registered bookie is an ephemeral node in one of two directories, which says whether it takes
// new entries; the value says where it is.
std::string_view RegistrationDirectory(bool writable);  // "/bookies/writable", "/bookies/readonly"
std::string RegistrationPath(const BookieInfo& info);
std::string EncodeRegistration(const BookieInfo& info);
common::Result<BookieInfo> DecodeRegistration(std::string_view value, bool writable);

}  // namespace quire::metadata
