#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>

#include "bookie/index.h"
#include "bookie/offline_directory.h"
#include "common/error.h"

namespace quire::bookie {

// Puts a new index in the place of the old one, which stays as index.old-<n>. The new one is made
// aside, as index.building, and comes to its place when it is complete, in one step where the file
// system can exchange two names: a crash leaves the old index there or the new one. Only an
// index.building of an earlier attempt is ever removed. Blocking.
class IndexSwap {
 public:
  // The directory is open exclusively.
  explicit IndexSwap(const OfflineDirectory& directory);

  // The index that is there.
  struct Present {
    std::optional<std::string> why_not;  // why it should stay; nothing: it is missing or damaged
    Lsn stored = 0;                      // of its commit record, as far as that can be read
    Lsn undeleted_below = 0;             // likewise
    std::set<protocol::LedgerId> deleted = {};
  };
  Present Look() const;
  // An index.complete of a run that undid deletions, when a crash ended it so late that only the
  // renames were missing, and no index that is whole is in its place. `next`: the LSN behind the
  // journal's last record. Its mark has to be that one: otherwise it may be an old index, whose
  // renames were nearly done, and the bookie went on with the new one.
  std::optional<Present> LookAtInterrupted(Lsn next) const;
  // Brings that one to its place. Gives what Finish gives.
  common::Result<std::string> Resume() { return Place(); }

  // An index with nothing in it, or with `copy` with what the one that is there has. What is left
  // of it when it is not finished goes with the next one.
  common::Result<std::unique_ptr<Index>> Begin(bool copy);
  // The index that Begin gave is complete and closed. Gives the name that the old one has now;
  // empty: there was none.
  common::Result<std::string> Finish();

 private:
  std::string Path(const std::string& name) const { return directory_.path() + "/" + name; }
  Present LookAt(const std::string& name) const;
  common::Result<void> Copy() const;
  common::Result<std::string> Place();
  std::string FreeName() const;
  common::Result<void> Rename(const std::string& from, const std::string& to) const;
  common::Result<void> Sync() const;

  const OfflineDirectory& directory_;
};

}  // namespace quire::bookie
