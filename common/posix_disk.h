#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/disk.h"

namespace quire::common {

// A real directory. Thread-safe; opening it creates the directory (not its parents) and finds out
// whether the file system takes direct I/O.
class PosixDisk final : public Disk {
 public:
  // Errors: kIo or kDiskFull with the path and the reason, for example an unwritable directory.
  static Result<std::unique_ptr<PosixDisk>> Create(const std::string& path);

  Result<std::unique_ptr<File>> Open(std::string_view name, OpenOptions options) override;
  Result<std::vector<std::string>> List() const override;
  Result<void> Rename(std::string_view from, std::string_view to) override;
  Result<void> Remove(std::string_view name) override;
  Result<void> SyncDirectory() override;
  Result<std::uint64_t> FreeBytes() const override;
  const std::string& path() const override { return path_; }
  bool direct() const override { return direct_; }

 private:
  PosixDisk(std::string path, bool direct) : path_(std::move(path)), direct_(direct) {}
  std::string Join(std::string_view name) const;

  const std::string path_;
  const bool direct_;
};

}  // namespace quire::common
