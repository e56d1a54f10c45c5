#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bookie/offline_finding.h"
#include "common/error.h"
#include "common/forwarding_disk.h"

namespace quire::bookie {

// The segments of a bookie that does not run as they are when those in quarantine come back: under
// the names of segments they can be listed and read, beside the others. Where the id is in use, by
// a segment or by another file in quarantine that came later, the file is left where it is. Nothing
// changes on the disk before BringBack. Blocking; one thread.
class UndeletedSegments final : public common::ForwardingDisk {
 public:
  // Of a folder of segments, which outlives this and is only read.
  static common::Result<std::unique_ptr<UndeletedSegments>> Open(common::Disk& folder);

  std::size_t size() const { return quarantined_.size(); }   // that come back
  const FindingList& findings() const { return findings_; }  // those that do not

  // Renames them, durably, on a disk that is the same folder. Before the index that needs them
  // comes to its place: when a crash or an error ends this half-way, an index that does not know
  // them puts them into quarantine again, and one that needs them was never there.
  common::Result<void> BringBack(common::Disk& folder) const;

  common::Result<std::unique_ptr<common::File>> Open(std::string_view name,
                                                     common::OpenOptions options) override;
  common::Result<std::vector<std::string>> List() const override;

 private:
  explicit UndeletedSegments(common::Disk& folder) : ForwardingDisk(folder) {}
  common::Result<void> Load();

  // By the name of the segment, the name in quarantine.
  std::map<std::string, std::string, std::less<>> quarantined_;
  FindingList findings_;
};

}  // namespace quire::bookie
