#include "bookie/quarantine.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include "common/hex_digits.h"

namespace quire::bookie {

using common::Fail;
using common::Result;

namespace {

constexpr std::string_view kPrefix = "segment-";
constexpr std::string_view kSuffix = ".quarantined";

}  // namespace

std::int64_t WallSeconds() {
  return std::time(nullptr);
}

std::string QuarantineName(const QuarantinedSegment& segment) {
  return std::string(kPrefix)
      .append(common::HexDigits(segment.id))
      .append("-")
      .append(common::HexDigits(static_cast<std::uint64_t>(segment.since)))
      .append(kSuffix);
}

std::optional<QuarantinedSegment> ParseQuarantineName(std::string_view name) {
  constexpr std::size_t kDigits = common::kHexDigits;
  if (name.size() != kPrefix.size() + 2 * kDigits + 1 + kSuffix.size()) return std::nullopt;
  const auto id = common::ParseHexDigits(name.substr(kPrefix.size(), kDigits));
  const auto since = common::ParseHexDigits(name.substr(kPrefix.size() + kDigits + 1, kDigits));
  if (!id || !since) return std::nullopt;
  const QuarantinedSegment segment{.since = static_cast<std::int64_t>(*since), .id = *id};
  if (QuarantineName(segment) != name) return std::nullopt;
  return segment;
}

Result<void> Quarantine::Load() {
  const std::lock_guard lock(mutex_);
  const auto names = disk_.List();
  if (!names) return Fail(names.error());
  for (const std::string& name : *names) {
    auto segment = ParseQuarantineName(name);
    if (!segment) continue;
    const auto file = disk_.Open(name, {});
    if (!file) return Fail(file.error());
    const auto bytes = (*file)->Size();
    if (!bytes) return Fail(bytes.error());
    segment->bytes = *bytes;
    segments_.insert(*segment);
  }
  Tell();
  return {};
}

SegmentId Quarantine::last() const {
  const std::lock_guard lock(mutex_);
  SegmentId last = 0;
  for (const auto& segment : segments_) last = std::max(last, segment.id);
  return last;
}

Result<void> Quarantine::Take(const std::vector<SegmentId>& ids) {
  if (ids.empty()) return {};
  const std::lock_guard lock(mutex_);
  for (const SegmentId id : ids) {
    const std::string name = SegmentName(id);
    if (options_.keep <= common::Duration{}) {
      QUIRE_TRY(disk_.RemoveGradually(name));
      continue;
    }
    const auto file = disk_.Open(name, {});
    if (!file) return Fail(file.error());
    const auto bytes = (*file)->Size();
    if (!bytes) return Fail(bytes.error());
    const QuarantinedSegment segment{.since = options_.wall_seconds(), .id = id, .bytes = *bytes};
    const auto renamed = disk_.Rename(name, QuarantineName(segment));
    // The longer name may want a block of the folder, on a disk that has none: the next start does
    // it. A deletion, which is to make room, must not fail for it.
    if (!renamed && renamed.error().code() == common::Errc::kDiskFull) continue;
    QUIRE_TRY(renamed);
    segments_.insert(segment);
  }
  Tell();
  return disk_.SyncDirectory();
}

Result<void> Quarantine::Expire() {
  const std::lock_guard lock(mutex_);
  bool removed = false;
  while (something_due()) {
    QUIRE_TRY(disk_.RemoveGradually(QuarantineName(*segments_.begin())));
    ForgetOldest();
    removed = true;
  }
  return removed ? disk_.SyncDirectory() : Result<void>{};
}

Result<std::uint64_t> Quarantine::Release(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  std::uint64_t released = 0;
  while (released < bytes && !segments_.empty()) {
    const std::uint64_t oldest = segments_.begin()->bytes;
    const auto removed = disk_.Remove(QuarantineName(*segments_.begin()));
    if (!removed) return Fail(removed.error());
    ForgetOldest();
    released += oldest;
  }
  if (released == 0) return 0;
  if (auto synced = disk_.SyncDirectory(); !synced) return Fail(synced.error());
  return released;
}

// Under the mutex.
void Quarantine::ForgetOldest() {
  segments_.erase(segments_.begin());
  Tell();
}

// Under the mutex.
void Quarantine::Tell() {
  std::uint64_t bytes = 0;
  for (const auto& segment : segments_) bytes += segment.bytes;
  count_ = segments_.size();
  bytes_ = bytes;
  oldest_ = segments_.empty() ? 0 : segments_.begin()->since;
}

QuarantineStats Quarantine::stats() const {
  return {.segments = count_, .bytes = bytes_};
}

// A clock that was set back keeps segments longer, never shorter.
bool Quarantine::something_due() const {
  return count_ > 0 && options_.wall_seconds() - oldest_ >= keep_seconds();
}

}  // namespace quire::bookie
