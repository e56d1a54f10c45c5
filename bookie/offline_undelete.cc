#include "bookie/offline_undelete.h"

#include <algorithm>
#include <set>
#include <utility>

#include "bookie/quarantine.h"
#include "bookie/segment_format.h"

namespace quire::bookie {

using common::Fail;
using common::Result;

Result<std::unique_ptr<UndeletedSegments>> UndeletedSegments::Open(common::Disk& folder) {
  std::unique_ptr<UndeletedSegments> segments(new UndeletedSegments(folder));
  QUIRE_TRY(segments->Load());
  return segments;
}

Result<void> UndeletedSegments::Load() {
  const auto names = ForwardingDisk::List();
  if (!names) return Fail(names.error());
  std::set<QuarantinedSegment> quarantined;  // oldest first
  for (const std::string& name : *names) {
    if (const auto segment = ParseQuarantineName(name)) quarantined.insert(*segment);
  }
  for (auto it = quarantined.rbegin(); it != quarantined.rend(); ++it) {
    const std::string name = SegmentName(it->id);
    const auto later = quarantined_.find(name);
    const bool there = std::ranges::binary_search(*names, name);
    if (!there && later == quarantined_.end()) {
      quarantined_.emplace(name, QuarantineName(*it));
      continue;
    }
    findings_.Add(
        {.file = "segments/" + QuarantineName(*it),
         .what = "is not brought back: " + (there ? name : later->second) + " has the same id",
         .advice = "if entries are still missing afterwards, they may be in it: keep it "
                   "somewhere else, for it goes with the end of its time"});
  }
  return {};
}

Result<void> UndeletedSegments::BringBack(common::Disk& folder) const {
  for (const auto& [name, quarantined] : quarantined_) QUIRE_TRY(folder.Rename(quarantined, name));
  return folder.SyncDirectory();
}

Result<std::unique_ptr<common::File>> UndeletedSegments::Open(std::string_view name,
                                                              common::OpenOptions options) {
  const auto found = quarantined_.find(name);
  return ForwardingDisk::Open(found == quarantined_.end() ? name : found->second, options);
}

Result<std::vector<std::string>> UndeletedSegments::List() const {
  auto names = ForwardingDisk::List();
  if (!names) return names;
  for (const auto& [name, quarantined] : quarantined_) {
    *std::ranges::find(*names, quarantined) = name;
  }
  std::ranges::sort(*names);
  return names;
}

}  // namespace quire::bookie
