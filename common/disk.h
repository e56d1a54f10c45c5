#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/error.h"

namespace quire::common {

// Offsets, lengths and memory of writes and reads on a file opened `direct` are multiples of this.
inline constexpr std::size_t kDiskBlockBytes = 4096;

// One open file. Blocking: used from workers only, by one thread at a time for writes; reads may
// run beside each other. After a failed write or sync the content is undefined: stop using the
// file.
class File {
 public:
  virtual ~File() = default;

  // All of it or an error. Durable only after Sync(), or at return if opened `durable`.
  virtual Result<void> Write(std::uint64_t offset, std::string_view bytes) = 0;

  // Reads up to out.size() bytes; fewer only at the end of the file.
  virtual Result<std::size_t> Read(std::uint64_t offset, std::span<char> out) const = 0;

  // What was written before, and the file's size, survive a crash when this returns.
  virtual Result<void> Sync() = 0;

  // Reserves space so that later writes within it do not fail for want of it; the size becomes at
  // least `bytes`. The new range reads as zeros.
  virtual Result<void> Preallocate(std::uint64_t bytes) = 0;

  virtual Result<std::uint64_t> Size() const = 0;
};

struct OpenOptions {
  bool create = false;  // create the file if it is missing; its name is durable after SyncDirectory
  bool direct = false;  // bypass the page cache where the file system can (see Disk::direct)
  bool durable = false;  // each write is on stable storage when it returns
};

// A directory with plain files in it, the only way storage code reaches the operating system. The
// simulation replaces it by one that loses what was not synced. File names contain no slash.
class Disk {
 public:
  virtual ~Disk() = default;

  virtual Result<std::unique_ptr<File>> Open(std::string_view name, OpenOptions options) = 0;
  virtual Result<std::vector<std::string>> List() const = 0;  // sorted names of the plain files
  virtual Result<void> Rename(std::string_view from, std::string_view to) = 0;  // replaces `to`
  virtual Result<void> Remove(std::string_view name) = 0;
  // The same for a file whose room nobody waits for: it may come back later than the name goes.
  virtual Result<void> RemoveGradually(std::string_view name) { return Remove(name); }
  // Creations, renames and removals before it survive a crash when this returns.
  virtual Result<void> SyncDirectory() = 0;
  virtual Result<std::uint64_t> FreeBytes() const = 0;
  // The directory, for messages and for the libraries that need a path of their own.
  virtual const std::string& path() const = 0;
  // False when the file system refuses direct I/O: `direct` is then ignored and syncs use
  // fdatasync.
  virtual bool direct() const = 0;
};

}  // namespace quire::common
