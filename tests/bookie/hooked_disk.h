#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "common/forwarding_disk.h"

namespace quire::bookie {

// Calls back when a file is about to be opened or read, counts reads, and has a bad byte at an
// offset.
class HookedDisk final : public common::ForwardingDisk {
 public:
  explicit HookedDisk(common::Disk& disk) : ForwardingDisk(disk) {}

  common::Result<std::unique_ptr<common::File>> Open(std::string_view name,
                                                     common::OpenOptions options) override {
    if (before_open) std::exchange(before_open, nullptr)();
    auto file = ForwardingDisk::Open(name, options);
    if (!file) return file;
    return std::make_unique<HookedFile>(*this, std::move(*file));
  }

  std::function<void()> before_open;
  std::function<void()> before_read;  // which then finds the file empty
  std::uint64_t bad = 1ULL << 40;     // nowhere
  int reads = 0;

 private:
  class HookedFile final : public common::ForwardingFile {
   public:
    HookedFile(HookedDisk& disk, std::unique_ptr<common::File> file)
        : ForwardingFile(std::move(file)), disk_(disk) {}
    common::Result<std::size_t> Read(std::uint64_t offset, std::span<char> out) const override {
      ++disk_.reads;
      if (disk_.before_read) {
        std::exchange(disk_.before_read, nullptr)();
        return 0;
      }
      if (offset <= disk_.bad && disk_.bad < offset + out.size()) {
        return common::Fail(common::Errc::kIo, "bad block");
      }
      return ForwardingFile::Read(offset, out);
    }

   private:
    HookedDisk& disk_;
  };
};

}  // namespace quire::bookie
