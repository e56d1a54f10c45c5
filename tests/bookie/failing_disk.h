#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/disk.h"

namespace quire::bookie {

// A disk on which every write fails as soon as the test says so.
class FailingDisk final : public common::Disk {
 public:
  FailingDisk(common::Disk& disk, const std::atomic<bool>& fails) : disk_(disk), fails_(fails) {}

  common::Result<std::unique_ptr<common::File>> Open(std::string_view name,
                                                     common::OpenOptions options) override {
    auto file = disk_.Open(name, options);
    if (!file) return common::Fail(std::move(file).error());
    return std::make_unique<FailingFile>(*std::move(file), fails_);
  }
  common::Result<std::vector<std::string>> List() const override { return disk_.List(); }
  common::Result<void> Rename(std::string_view from, std::string_view to) override {
    return disk_.Rename(from, to);
  }
  common::Result<void> Remove(std::string_view name) override { return disk_.Remove(name); }
  common::Result<void> SyncDirectory() override { return disk_.SyncDirectory(); }
  common::Result<std::uint64_t> FreeBytes() const override { return disk_.FreeBytes(); }
  const std::string& path() const override { return disk_.path(); }
  bool direct() const override { return disk_.direct(); }

 private:
  class FailingFile final : public common::File {
   public:
    FailingFile(std::unique_ptr<common::File> file, const std::atomic<bool>& fails)
        : file_(std::move(file)), fails_(fails) {}

    common::Result<void> Write(std::uint64_t offset, std::string_view bytes) override {
      if (fails_) return common::Fail(common::Errc::kIo, "write: Input/output error");
      return file_->Write(offset, bytes);
    }
    common::Result<std::size_t> Read(std::uint64_t offset, std::span<char> out) const override {
      return file_->Read(offset, out);
    }
    common::Result<void> Sync() override { return file_->Sync(); }
    common::Result<void> Preallocate(std::uint64_t bytes) override {
      return file_->Preallocate(bytes);
    }
    common::Result<std::uint64_t> Size() const override { return file_->Size(); }

   private:
    const std::unique_ptr<common::File> file_;
    const std::atomic<bool>& fails_;
  };

  common::Disk& disk_;
  const std::atomic<bool>& fails_;
};

}  // namespace quire::bookie
