#pragma once

#include <string>

#include "tools/session.h"

namespace quire::tools {

// quire bookie info: what a daemon's /status says, which the metadata store knows the address of.
struct BookieInfoOptions {
  std::string name;    // the bookie's id, or HOST:PORT of its daemon
  bool watch = false;  // again each second, until a signal or the reader's end
};
int ShowBookieInfo(const Session& session, const BookieInfoOptions& options);

}  // namespace quire::tools
