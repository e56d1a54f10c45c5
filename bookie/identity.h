#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/disk.h"
#include "common/error.h"
#include "common/random.h"
#include "metadata/cookie.h"
#include "protocol/uuid.h"

namespace quire::bookie {

// The cookies that the metadata store knows. Blocking.
struct CookieRegistry {
  std::function<common::Result<std::vector<metadata::Cookie>>()> list;
  // Success also if exactly this cookie is there already.
  std::function<common::Result<void>(const metadata::Cookie&)> create;
  // The first one's directory is the second one's now. Success also if that is said already.
  std::function<common::Result<void>(const metadata::Cookie&, const metadata::Cookie&)> replace =
      {};
};

// Finds out which bookie a directory is, or makes it a new one. A directory and the metadata store
// must agree, or the bookie would deny what it acknowledged in another life (T-17, protocol 1.3
// Boot); every doubt refuses the start, with what to do about it.
//
// An empty directory that was a bookie before, as when its disk was replaced, is refused unless
// `rejoin`. Then it becomes a new bookie, and the metadata store remembers that the old one lost
// its disk: the new id denies nothing that the old one acknowledged, as nobody asks it for that.
//
// Formatting writes the new cookie to the directory as an intent, then to the metadata store, then
// makes the intent the cookie, once journal and index are there. A crash in between leaves the
// intent, and the next start goes on with it: had the metadata store come first, the directory
// would look like a replaced disk, and had the cookie come first, like one that the cluster has
// forgotten. So a directory with a cookie has an index, or it lost that (StoreOptions::may_begin).
class Identity {
 public:
  struct Place {
    std::string directory;  // absolute; locked by the caller
    std::string host;       // as advertised, without port
    protocol::InstanceId instance;
    std::int64_t now_ms = 0;
    bool rejoin = false;  // the operator says that what the directory held is lost
  };

  struct Claimed {
    metadata::Cookie cookie;
    bool formatting = false;  // the caller makes what belongs into a directory, then Finish
  };

  // kWrongInstance: the directory is of another cluster. kWrongBookie: directory and metadata store
  // do not agree, or the directory is not ours to format. kCorrupt: damaged cookie. Otherwise what
  // disk or registry say.
  static common::Result<Claimed> Claim(common::Disk& disk, const Place& place,
                                       const CookieRegistry& registry, common::Random& random);
  // The directory is complete: makes the intent the cookie. Before anything is acknowledged.
  static common::Result<void> Finish(common::Disk& disk);
};

}  // namespace quire::bookie
