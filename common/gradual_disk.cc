#include "common/gradual_disk.h"

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
    if (!name.ends_with(kSuffix)) continue;
    const auto file = gradual->disk_->Open(name, {});
    const auto bytes = file ? (*file)->Size() : Fail(file.error());
    if (!bytes) return Fail(bytes.error());
    gradual->EraseLater(name, *bytes);
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

Result<void> GradualDisk::Remove(std::string_view name) {
  const auto file = disk_->Open(name, {});
  if (!file) return Fail(file.error());
  const auto bytes = (*file)->Size();
  if (!bytes) return Fail(bytes.error());
  const std::string doomed = std::string(name).append(kSuffix);
  // A longer name may want room that is not there.
  if (*bytes <= options_.piece_bytes || RoomIsShort() || !disk_->Rename(name, doomed)) {
    return disk_->Remove(name);
  }
  EraseLater(doomed, *bytes);
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

void GradualDisk::EraseLater(const std::string& doomed, std::uint64_t bytes) {
  eraser_.Submit([this, doomed, bytes] { Erase(doomed, bytes); });
}

// On the eraser. Where something fails the next start tries again; nobody waits for it.
void GradualDisk::Erase(const std::string& doomed, std::uint64_t bytes) {
  // Not before its name is gone for good: under the old one it would be a damaged file.
  bool shrinks = disk_->SyncDirectory().has_value();
  const std::string path = disk_->path() + "/" + doomed;
  while (shrinks && bytes > options_.piece_bytes) {
    if (!Pause()) return;
    bytes -= options_.piece_bytes;
    shrinks = ::truncate(path.c_str(), static_cast<off_t>(bytes)) == 0;
  }
  if (Pause()) std::ignore = disk_->Remove(doomed);
}

bool GradualDisk::Pause() {
  const bool short_of_room = RoomIsShort();
  std::unique_lock lock(mutex_);
  if (!short_of_room) stop_.wait_for(lock, options_.pause, [this] { return stopping_; });
  return !stopping_;
}

}  // namespace quire::common
