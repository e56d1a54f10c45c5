#include "common/gradual_disk.h"

#include <sys/stat.h>
#include <unistd.h>

#include <tuple>
#include <utility>

namespace quire::common {
namespace {

constexpr std::string_view kSuffix = ".removed";

}  // namespace

Result<std::unique_ptr<GradualDisk>> GradualDisk::Create(std::unique_ptr<PosixDisk> disk,
                                                         const Options& options) {
  const auto names = disk->List();
  if (!names) return Fail(names.error());
  std::unique_ptr<GradualDisk> gradual(new GradualDisk(std::move(disk), options));
  for (const std::string& name : *names) {
    if (name.ends_with(kSuffix)) gradual->EraseLater(name);
  }
  return gradual;
}

GradualDisk::GradualDisk(std::unique_ptr<PosixDisk> disk, const Options& options)
    : ForwardingDisk(*disk), disk_(std::move(disk)), options_(options) {}

GradualDisk::~GradualDisk() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  stop_.notify_all();
}

Result<void> GradualDisk::RemoveGradually(std::string_view name) {
  const std::string doomed = std::string(name).append(kSuffix);
  struct stat status{};
  const bool large = ::stat(Path(name).c_str(), &status) == 0 && status.st_nlink == 1 &&
                     std::cmp_greater(status.st_size, options_.piece_bytes);
  // A longer name may want room that is not there.
  if (!large || RoomIsShort() || !disk_->Rename(name, doomed)) return disk_->Remove(name);
  EraseLater(doomed);
  return {};
}

Result<std::vector<std::string>> GradualDisk::List() const {
  auto names = disk_->List();
  if (names) std::erase_if(*names, [](const auto& name) { return name.ends_with(kSuffix); });
  return names;
}

bool GradualDisk::RoomIsShort() const {
  const auto free = disk_->FreeBytes();
  return !free || *free < options_.plenty_bytes;
}

std::string GradualDisk::Path(std::string_view name) const {
  return disk_->path() + "/" + std::string(name);
}

void GradualDisk::EraseLater(const std::string& doomed) {
  eraser_.Submit([this, doomed] { Erase(doomed); });
}

// On the eraser. Where something fails the next start tries again; nobody waits for it.
void GradualDisk::Erase(const std::string& doomed) {
  if (Stopping()) return;
  // Not before its name is gone for good: under the old one it would be a damaged file.
  if (!disk_->SyncDirectory()) return;
  const std::string path = Path(doomed);
  struct stat status{};
  while (::stat(path.c_str(), &status) == 0 &&
         std::cmp_greater(status.st_size, options_.piece_bytes)) {
    Pause();
    if (Stopping()) return;
    if (::truncate(path.c_str(), status.st_size - static_cast<off_t>(options_.piece_bytes)) != 0) {
      break;
    }
  }
  Pause();
  if (!Stopping()) std::ignore = disk_->Remove(doomed);
}

bool GradualDisk::Stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void GradualDisk::Pause() {
  if (RoomIsShort()) return;
  std::unique_lock lock(mutex_);
  stop_.wait_for(lock, options_.pause, [this] { return stopping_; });
}

}  // namespace quire::common
