#include "bookie/ballast.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

namespace quire::bookie {

using common::Fail;
using common::Result;

Result<void> Ballast::Load() {
  const std::lock_guard lock(mutex_);
  const auto names = disk_.List();
  if (!names) return Fail(names.error());
  if (std::ranges::find(*names, kFileName) == names->end()) return {};
  const auto file = disk_.Open(kFileName, {});
  if (!file) return Fail(file.error());
  const auto size = (*file)->Size();
  if (!size) return Fail(size.error());
  held_ = bytes_ > 0 && *size == bytes_;
  if (held_) return {};
  QUIRE_TRY(disk_.Remove(kFileName));
  return disk_.SyncDirectory();
}

// The sync makes the file system give the blocks back at once.
bool Ballast::Release() {
  const std::lock_guard lock(mutex_);
  if (!held_ || !disk_.Remove(kFileName)) return false;
  held_ = false;
  return disk_.SyncDirectory().has_value();
}

Result<void> Ballast::Restore() {
  const std::lock_guard lock(mutex_);
  if (held_ || bytes_ == 0) return {};
  const auto make = [this]() -> Result<void> {
    auto file = disk_.Open(kFileName, {.create = true});
    if (!file) return Fail(std::move(file).error());
    QUIRE_TRY((*file)->Preallocate(bytes_));
    QUIRE_TRY((*file)->Sync());
    return disk_.SyncDirectory();
  };
  auto made = make();
  held_ = made.has_value();
  if (!made) std::ignore = disk_.Remove(kFileName);
  return made;
}

}  // namespace quire::bookie
