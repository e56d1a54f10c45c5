#pragma once

#include <atomic>
#include <memory>
#include <string_view>
#include <utility>

#include "common/forwarding_disk.h"

namespace quire::bookie {

// A disk on which every write fails as soon as the test says so.
class FailingDisk final : public common::ForwardingDisk {
 public:
  FailingDisk(common::Disk& disk, const std::atomic<bool>& fails)
      : ForwardingDisk(disk), fails_(fails) {}

  common::Result<std::unique_ptr<common::File>> Open(std::string_view name,
                                                     common::OpenOptions options) override {
    auto file = ForwardingDisk::Open(name, options);
    if (!file) return common::Fail(std::move(file).error());
    return std::make_unique<FailingFile>(*std::move(file), fails_);
  }

 private:
  class FailingFile final : public common::ForwardingFile {
   public:
    FailingFile(std::unique_ptr<common::File> file, const std::atomic<bool>& fails)
        : ForwardingFile(std::move(file)), fails_(fails) {}

    common::Result<void> Write(std::uint64_t offset, std::string_view bytes) override {
      if (fails_) return common::Fail(common::Errc::kIo, "write: Input/output error");
      return ForwardingFile::Write(offset, bytes);
    }

   private:
    const std::atomic<bool>& fails_;
  };

  const std::atomic<bool>& fails_;
};

}  // namespace quire::bookie
