#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/disk.h"
#include "common/error.h"
#include "metadata/cookie.h"

namespace quire::bookie {

// The directory of a bookie that does not run, for looking at: nothing in it is ever created,
// written or renamed. Holds the directory's lock, so that no daemon can start meanwhile; shared, so
// that several of these can be open, unless whoever opens it wants to change something by other
// means. Blocking; one thread.
class OfflineDirectory {
 public:
  struct Item {
    std::string name;
    std::uint64_t bytes = 0;
  };

  enum class Lock { kShared, kExclusive };

  // kInvalidArgument: there is no such directory, or it is not a bookie's. kBusy: a daemon runs, or
  // with kExclusive somebody looks at it.
  static common::Result<OfflineDirectory> Open(const std::string& path, Lock kind = Lock::kShared);
  ~OfflineDirectory();
  OfflineDirectory(OfflineDirectory&& other) noexcept
      : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}
  OfflineDirectory& operator=(OfflineDirectory&&) = delete;

  const std::string& path() const { return path_; }

  // Nothing: the bookie was never fully formatted, or lost its cookie. kCorrupt: damaged.
  common::Result<std::optional<metadata::Cookie>> ReadCookie() const;

  // The plain files of a folder, sorted; nothing when there is no such folder.
  common::Result<std::optional<std::vector<Item>>> List(const std::string& folder) const;

  // A folder as a disk that cannot be written to. Goes before this.
  std::unique_ptr<common::Disk> OpenFolder(const std::string& folder) const;

  // A file below the directory, read-only and expected to be read from front to back.
  common::Result<std::unique_ptr<common::File>> OpenFile(const std::string& name) const;

 private:
  OfflineDirectory(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

  std::string path_;
  int lock_;  // -1: there is no lock file
};

}  // namespace quire::bookie
