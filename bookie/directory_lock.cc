#include "bookie/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

namespace quire::bookie {

common::Result<DirectoryLock> DirectoryLock::Take(const std::string& directory) {
  const std::string path = directory + "/" + kFileName;
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return common::FailErrno(errno, "open", path);
  DirectoryLock lock(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK) return common::FailErrno(errno, "lock", path);
  return common::Fail(
      common::Errc::kBusy,
      "directory " + directory + " is in use by another bookie daemon (it holds " + path + ")");
}

DirectoryLock::~DirectoryLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace quire::bookie
