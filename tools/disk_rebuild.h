#pragma once

#include <string>

#include "tools/session.h"

namespace quire::tools {

struct RebuildOptions {
  bool yes = false;       // without: look only
  bool skip_gap = false;  // do it also when records in front of a gap in the journal will be lost
  bool undelete = false;  // with what is in quarantine, and without the journal's tombstones
  bool quiet = false;     // no progress line
};

// quire disk rebuild-index; the exit status.
int DiskRebuild(const Session& session, const std::string& directory,
                const RebuildOptions& options);

}  // namespace quire::tools
