#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/disk.h"

namespace quire::common {

// A file that passes all on to another one: the base of those that change a part of it.
class ForwardingFile : public File {
 public:
  explicit ForwardingFile(std::unique_ptr<File> file) : file_(std::move(file)) {}

  Result<void> Write(std::uint64_t offset, std::string_view bytes) override {
    return file_->Write(offset, bytes);
  }
  Result<std::size_t> Read(std::uint64_t offset, std::span<char> out) const override {
    return file_->Read(offset, out);
  }
  Result<void> Sync() override { return file_->Sync(); }
  Result<void> Preallocate(std::uint64_t bytes) override { return file_->Preallocate(bytes); }
  Result<std::uint64_t> Size() const override { return file_->Size(); }

 private:
  const std::unique_ptr<File> file_;
};

// The same for a disk, which outlives this.
class ForwardingDisk : public Disk {
 public:
  explicit ForwardingDisk(Disk& disk) : disk_(disk) {}

  Result<std::unique_ptr<File>> Open(std::string_view name, OpenOptions options) override {
    return disk_.Open(name, options);
  }
  Result<std::vector<std::string>> List() const override { return disk_.List(); }
  Result<void> Rename(std::string_view from, std::string_view to) override {
    return disk_.Rename(from, to);
  }
  Result<void> Remove(std::string_view name) override { return disk_.Remove(name); }
  Result<void> RemoveGradually(std::string_view name) override {
    return disk_.RemoveGradually(name);
  }
  Result<void> SyncDirectory() override { return disk_.SyncDirectory(); }
  Result<std::uint64_t> FreeBytes() const override { return disk_.FreeBytes(); }
  const std::string& path() const override { return disk_.path(); }
  bool direct() const override { return disk_.direct(); }

 private:
  Disk& disk_;
};

}  // namespace quire::common
