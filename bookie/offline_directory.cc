#include "bookie/offline_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "bookie/directory_lock.h"

namespace quire::bookie {

using common::Errc;
using common::Fail;
using common::FailErrno;
using common::Result;

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxCookieBytes = 64UL * 1024;

class ReadOnlyFile final : public common::File {
 public:
  ReadOnlyFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~ReadOnlyFile() override { ::close(fd_); }
  ReadOnlyFile(const ReadOnlyFile&) = delete;
  ReadOnlyFile& operator=(const ReadOnlyFile&) = delete;

  Result<std::size_t> Read(std::uint64_t offset, std::span<char> out) const override {
    std::size_t done = 0;
    while (done < out.size()) {
      const ssize_t n =
          ::pread(fd_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return FailErrno(errno, "read", path_);
      if (n == 0) break;
      done += static_cast<std::size_t>(n);
    }
    return done;
  }
  Result<std::uint64_t> Size() const override {
    struct stat status{};
    if (::fstat(fd_, &status) != 0) return FailErrno(errno, "stat", path_);
    return static_cast<std::uint64_t>(status.st_size);
  }

  Result<void> Write(std::uint64_t, std::string_view) override { return Refuse(); }
  Result<void> Sync() override { return Refuse(); }
  Result<void> Preallocate(std::uint64_t) override { return Refuse(); }

 private:
  Result<void> Refuse() const { return Fail(Errc::kReadOnly, path_ + " is open for reading only"); }

  const int fd_;
  const std::string path_;
};

bool Exists(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error);
}

class ReadOnlyFolder final : public common::Disk {
 public:
  ReadOnlyFolder(const OfflineDirectory& directory, std::string folder)
      : directory_(directory),
        folder_(std::move(folder)),
        path_(directory.path() + "/" + folder_) {}

  Result<std::unique_ptr<common::File>> Open(std::string_view name,
                                             common::OpenOptions /*options*/) override {
    return directory_.OpenFile(folder_ + "/" + std::string(name));
  }
  Result<std::vector<std::string>> List() const override {
    const auto items = directory_.List(folder_);
    if (!items) return Fail(items.error());
    std::vector<std::string> names;
    if (*items) {
      for (const auto& item : **items) names.push_back(item.name);
    }
    return names;
  }
  Result<void> Rename(std::string_view, std::string_view) override { return Refuse(); }
  Result<void> Remove(std::string_view) override { return Refuse(); }
  Result<void> SyncDirectory() override { return Refuse(); }
  Result<std::uint64_t> FreeBytes() const override { return std::uint64_t{0}; }
  const std::string& path() const override { return path_; }
  bool direct() const override { return false; }

 private:
  Result<void> Refuse() const { return Fail(Errc::kReadOnly, path_ + " is open for reading only"); }

  const OfflineDirectory& directory_;
  const std::string folder_;
  const std::string path_;
};

// A shared lock keeps daemons out, which take it exclusively. Without a lock file no daemon ever
// had this directory, as when it is a copy: to look at it, none is made.
Result<int> TakeLock(const std::string& directory, OfflineDirectory::Lock lock) {
  const bool shared = lock == OfflineDirectory::Lock::kShared;
  const std::string path = directory + "/" + DirectoryLock::kFileName;
  const int fd = ::open(path.c_str(), O_CLOEXEC | (shared ? O_RDONLY : O_RDWR | O_CREAT), 0644);
  if (fd < 0 && errno == ENOENT) return -1;
  if (fd < 0) return FailErrno(errno, "open", path);
  if (::flock(fd, LOCK_NB | (shared ? LOCK_SH : LOCK_EX)) == 0) return fd;
  const int error_number = errno;
  ::close(fd);
  if (error_number != EWOULDBLOCK) return FailErrno(error_number, "lock", path);
  return Fail(Errc::kBusy, (shared ? "a bookie daemon runs on "
                                   : "a bookie daemon or another "
                                     "'quire disk' runs on ") +
                               directory +
                               "; stop it first (SIGTERM), or ask it with 'quire bookie info'");
}

}  // namespace

Result<OfflineDirectory> OfflineDirectory::Open(const std::string& path, Lock kind) {
  std::error_code error;
  const auto absolute = fs::canonical(path, error).string();
  if (error || !fs::is_directory(absolute, error)) {
    return Fail(Errc::kInvalidArgument, path +
                                            " is not a directory that exists; name the --dir "
                                            "of a bookie");
  }
  const bool formatted = Exists(absolute + "/cookie") || Exists(absolute + "/cookie.intent");
  const bool used = Exists(absolute + "/journal") && Exists(absolute + "/segments") &&
                    Exists(absolute + "/index");
  if (!formatted && !used) {
    return Fail(Errc::kInvalidArgument,
                absolute +
                    " is not a bookie's directory: it has no cookie; name the --dir of a "
                    "bookie");
  }
  const auto lock = TakeLock(absolute, kind);
  if (!lock) return Fail(lock.error());
  return OfflineDirectory(absolute, *lock);
}

OfflineDirectory::~OfflineDirectory() {
  if (lock_ >= 0) ::close(lock_);
}

Result<std::optional<metadata::Cookie>> OfflineDirectory::ReadCookie() const {
  if (!Exists(path_ + "/cookie")) return std::nullopt;
  auto file = OpenFile("cookie");
  if (!file) return Fail(std::move(file).error());
  std::string bytes(kMaxCookieBytes, '\0');
  const auto got = (*file)->Read(0, bytes);
  if (!got) return Fail(got.error());
  bytes.resize(*got);
  auto cookie = metadata::DecodeCookieFile(bytes);
  if (!cookie) return Fail(Errc::kCorrupt, cookie.error().ToString());
  return *std::move(cookie);
}

Result<std::optional<std::vector<OfflineDirectory::Item>>> OfflineDirectory::List(
    const std::string& folder) const {
  const std::string path = path_ + "/" + folder;
  std::error_code error;
  if (!fs::exists(path, error)) {
    if (error) return FailErrno(error.value(), "list", path);
    return std::nullopt;
  }
  std::vector<Item> items;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    if (!it->is_regular_file(error)) continue;
    items.push_back({.name = it->path().filename().string(), .bytes = it->file_size(error)});
  }
  if (error) return FailErrno(error.value(), "list", path);
  std::ranges::sort(items, {}, &Item::name);
  return items;
}

std::unique_ptr<common::Disk> OfflineDirectory::OpenFolder(const std::string& folder) const {
  return std::make_unique<ReadOnlyFolder>(*this, folder);
}

Result<std::unique_ptr<common::File>> OfflineDirectory::OpenFile(const std::string& name) const {
  const std::string path = path_ + "/" + name;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return FailErrno(errno, "open", path);
  ::posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  return std::make_unique<ReadOnlyFile>(fd, path);
}

}  // namespace quire::bookie
