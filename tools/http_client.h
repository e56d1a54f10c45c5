#pragma once

#include <chrono>
#include <string>

#include "common/error.h"

namespace quire::tools {

struct HttpReply {
  unsigned status = 0;
  std::string body;
};

// GET http://ADDRESS/TARGET, address as HOST:PORT. Blocks, at most about so long; a body above 4
// MiB is an error. kUnreachable: nobody listens. kTimeout: no whole answer in time. kCorrupt: what
// answers there does not speak HTTP.
common::Result<HttpReply> HttpGet(const std::string& address, const std::string& target,
                                  std::chrono::milliseconds at_most);

}  // namespace quire::tools
