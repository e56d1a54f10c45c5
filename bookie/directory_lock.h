#pragma once

#include <string>
#include <utility>

#include "common/error.h"

namespace quire::bookie {

// Holds a directory for one daemon, until it ends, however it ends.
class DirectoryLock {
 public:
  static constexpr const char* kFileName = "lock";

  // The directory exists. kBusy when another daemon, or this one, has it.
  static common::Result<DirectoryLock> Take(const std::string& directory);

  ~DirectoryLock();
  DirectoryLock(DirectoryLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  DirectoryLock& operator=(DirectoryLock&&) = delete;

 private:
  explicit DirectoryLock(int fd) : fd_(fd) {}

  int fd_;
};

}  // namespace quire::bookie
