#include "tools/floor_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "common/aligned_buffer.h"

namespace quire::tools {

using common::FailErrno;
using common::Result;

namespace {
constexpr std::uint64_t kFileBytes = 64 << 20;  // as a journal file of a bookie
}

Result<FloorFile> FloorFile::Create(const std::string& path, Mode mode) {
  int flags = O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC;
  if (mode == Mode::kDirect) flags |= O_DIRECT | O_DSYNC;
  if (mode == Mode::kDirectUnsynced) flags |= O_DIRECT;
  const int fd = ::open(path.c_str(), flags, 0644);
  if (fd < 0) return FailErrno(errno, "open", path);
  FloorFile file(path, mode, fd);
  if (mode != Mode::kGrowing) QUIRE_TRY(file.WriteBefore());
  return file;
}

FloorFile::~FloorFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(path_.c_str());
}

FloorFile::FloorFile(FloorFile&& other) noexcept
    : path_(other.path_),
      mode_(other.mode_),
      fd_(std::exchange(other.fd_, -1)),
      offset_(other.offset_) {}

Result<void> FloorFile::WriteBefore() {
  constexpr std::size_t kChunk = 1 << 20;
  common::AlignedBuffer buffer;
  std::memset(buffer.Extend(kChunk), 'f', kChunk);
  while (offset_ < kFileBytes) QUIRE_TRY(Write(buffer.view()));
  if (::fsync(fd_) != 0) return FailErrno(errno, "fsync", path_);
  return {};
}

Result<void> FloorFile::Write(std::string_view bytes) {
  if (mode_ != Mode::kGrowing && offset_ + bytes.size() > kFileBytes) offset_ = 0;
  const ssize_t written = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset_));
  if (written < 0) return FailErrno(errno, "write", path_);
  if (static_cast<std::size_t>(written) != bytes.size()) return FailErrno(ENOSPC, "write", path_);
  offset_ += bytes.size();
  const bool sync = mode_ == Mode::kGrowing || mode_ == Mode::kRecycled;
  if (sync && ::fdatasync(fd_) != 0) return FailErrno(errno, "fdatasync", path_);
  return {};
}

}  // namespace quire::tools
