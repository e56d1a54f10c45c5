#include "bookie/segment_files.h"

#include <algorithm>
#include <string>
#include <utility>

namespace quire::bookie {

using common::Fail;
using common::Result;

Result<std::vector<SegmentId>> SegmentFiles::List() const {
  auto names = disk_.List();
  if (!names) return Fail(std::move(names).error());
  std::vector<SegmentId> ids;
  for (const std::string& name : *names) {
    if (const auto id = ParseSegmentName(name)) ids.push_back(*id);
  }
  std::ranges::sort(ids);
  return ids;
}

void SegmentFiles::Add(SegmentId id) {
  const std::lock_guard lock(mutex_);
  live_.insert(id);
}

bool SegmentFiles::Has(SegmentId id) const {
  const std::lock_guard lock(mutex_);
  return live_.contains(id);
}

std::vector<SegmentId> SegmentFiles::Live() const {
  std::vector<SegmentId> ids;
  {
    const std::lock_guard lock(mutex_);
    ids.assign(live_.begin(), live_.end());
  }
  std::ranges::sort(ids);
  return ids;
}

std::size_t SegmentFiles::open_files() const {
  const std::lock_guard lock(mutex_);
  return open_.size();
}

std::shared_ptr<const OpenSegment> SegmentFiles::FindOpen(SegmentId id) {
  const auto it = open_.find(id);
  if (it == open_.end()) return nullptr;
  uses_.splice(uses_.begin(), uses_, it->second.use);
  return it->second.segment;
}

Result<std::shared_ptr<const OpenSegment>> SegmentFiles::Open(SegmentId id) {
  {
    const std::lock_guard lock(mutex_);
    if (auto segment = FindOpen(id)) return segment;
    if (!live_.contains(id)) return nullptr;
  }
  // Not under the lock: the disk may be slow, and readers of other segments need not wait for it.
  auto file = disk_.Open(SegmentName(id), {});
  if (!file && !Has(id)) return nullptr;
  if (!file) return Fail(std::move(file).error());
  std::string header(kSegmentHeaderBytes, '\0');
  const auto got = (*file)->Read(0, header);
  if (!got) return Fail(common::Errc::kCorrupt, SegmentName(id) + ": " + got.error().ToString());
  header.resize(*got);
  if (auto sound = CheckSegmentHeader(id, header); !sound) {
    return Fail(sound.error().code(), SegmentName(id) + ": " + sound.error().context());
  }
  auto segment = std::make_shared<const OpenSegment>(
      OpenSegment{.file = std::move(*file), .seed = RecordSeed(id)});

  std::shared_ptr<const OpenSegment> closing;  // outside the lock
  const std::lock_guard lock(mutex_);
  if (auto other = FindOpen(id)) return other;
  if (!live_.contains(id)) return segment;  // removed meanwhile; good for this read, not kept
  uses_.push_front(id);
  open_.emplace(id, Slot{.segment = segment, .use = uses_.begin()});
  if (open_.size() > max_open_) {
    const auto oldest = open_.find(uses_.back());
    closing = std::move(oldest->second.segment);
    open_.erase(oldest);
    uses_.pop_back();
  }
  return segment;
}

void SegmentFiles::Forget(const std::vector<SegmentId>& ids) {
  const std::lock_guard lock(mutex_);
  for (const SegmentId id : ids) {
    live_.erase(id);
    const auto it = open_.find(id);
    if (it == open_.end()) continue;
    uses_.erase(it->second.use);
    open_.erase(it);
  }
}

Result<void> SegmentFiles::Remove(const std::vector<SegmentId>& ids) {
  if (ids.empty()) return {};
  Forget(ids);
  for (const SegmentId id : ids) QUIRE_TRY(disk_.Remove(SegmentName(id)));
  return disk_.SyncDirectory();
}

}  // namespace quire::bookie
