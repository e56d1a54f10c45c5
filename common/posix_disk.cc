#include "common/posix_disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <utility>

namespace quire::common {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

class PosixFile final : public File {
 public:
  // `sync_each_write`: durable was asked for, but O_DSYNC is not how we get it.
  PosixFile(int fd, std::string path, bool sync_each_write)
      : fd_(fd), path_(std::move(path)), sync_each_write_(sync_each_write) {}

  Result<void> Write(std::uint64_t offset, std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return FailErrno(errno, "write", path_);
      bytes.remove_prefix(static_cast<std::size_t>(n));
      offset += static_cast<std::uint64_t>(n);
    }
    return sync_each_write_ ? Sync() : Result<void>{};
  }

  Result<std::size_t> Read(std::uint64_t offset, std::span<char> out) const override {
    std::size_t done = 0;
    while (done < out.size()) {
      const ssize_t n = ::pread(fd_.get(), out.data() + done, out.size() - done,
                                static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return FailErrno(errno, "read", path_);
      if (n == 0) break;
      done += static_cast<std::size_t>(n);
    }
    return done;
  }

  Result<void> Sync() override {
    if (::fdatasync(fd_.get()) != 0) return FailErrno(errno, "sync", path_);
    return {};
  }

  Result<void> Preallocate(std::uint64_t bytes) override {
    int error = 0;
    do {
      error = ::posix_fallocate(fd_.get(), 0, static_cast<off_t>(bytes));
    } while (error == EINTR);
    if (error != 0) return FailErrno(error, "allocate", path_);
    return {};
  }

  Result<std::uint64_t> Size() const override {
    struct stat status{};
    if (::fstat(fd_.get(), &status) != 0) return FailErrno(errno, "stat", path_);
    return static_cast<std::uint64_t>(status.st_size);
  }

 private:
  const Descriptor fd_;
  const std::string path_;
  const bool sync_each_write_;
};

// Some file systems accept O_DIRECT at open and refuse the write, so the probe writes a block.
bool ProbeDirect(const std::string& directory) {
  const std::string path = directory + "/.direct-probe";
  const Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_DIRECT, 0644));
  if (fd.get() < 0) {
    ::unlink(path.c_str());
    return false;
  }
  alignas(kDiskBlockBytes) static constexpr char kZeros[kDiskBlockBytes] = {};
  const bool accepted = ::pwrite(fd.get(), kZeros, sizeof(kZeros), 0) == sizeof(kZeros);
  ::unlink(path.c_str());
  return accepted;
}

}  // namespace

Result<std::unique_ptr<PosixDisk>> PosixDisk::Create(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) {
    return FailErrno(errno, "create directory", path);
  }
  if (::access(path.c_str(), R_OK | W_OK | X_OK) != 0) {
    return FailErrno(errno, "use directory", path);
  }
  return std::unique_ptr<PosixDisk>(new PosixDisk(path, ProbeDirect(path)));
}

std::string PosixDisk::Join(std::string_view name) const {
  return path_ + "/" + std::string(name);
}

Result<std::unique_ptr<File>> PosixDisk::Open(std::string_view name, OpenOptions options) {
  const bool direct = options.direct && direct_;
  int flags = O_RDWR | O_CLOEXEC;
  if (options.create) flags |= O_CREAT;
  if (direct) flags |= O_DIRECT;
  if (options.durable && direct) flags |= O_DSYNC;
  const std::string full = Join(name);
  const int fd = ::open(full.c_str(), flags, 0644);
  if (fd < 0) return FailErrno(errno, "open", full);
  return std::make_unique<PosixFile>(fd, full, options.durable && !direct);
}

Result<std::vector<std::string>> PosixDisk::List() const {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator it(path_, error), end; !error && it != end;
       it.increment(error)) {
    if (it->is_regular_file(error)) names.push_back(it->path().filename().string());
  }
  if (error) return FailErrno(error.value(), "list", path_);
  std::sort(names.begin(), names.end());
  return names;
}

Result<void> PosixDisk::Rename(std::string_view from, std::string_view to) {
  if (std::rename(Join(from).c_str(), Join(to).c_str()) != 0) {
    return FailErrno(errno, "rename", Join(from));
  }
  return {};
}

Result<void> PosixDisk::Remove(std::string_view name) {
  if (::unlink(Join(name).c_str()) != 0) return FailErrno(errno, "remove", Join(name));
  return {};
}

Result<void> PosixDisk::SyncDirectory() {
  const Descriptor fd(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) return FailErrno(errno, "open", path_);
  if (::fsync(fd.get()) != 0) return FailErrno(errno, "sync", path_);
  return {};
}

Result<std::uint64_t> PosixDisk::FreeBytes() const {
  struct statvfs status{};
  if (::statvfs(path_.c_str(), &status) != 0) return FailErrno(errno, "stat", path_);
  return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
}

}  // namespace quire::common
