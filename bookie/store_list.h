#pragma once

#include <cstddef>
#include <vector>

#include "bookie/index_view.h"
#include "common/error.h"
#include "protocol/ids.h"
#include "protocol/messages.h"

namespace quire::bookie {

// Joins runs that come ordered by their first id, overlapping or adjacent ones into one.
class RunList {
 public:
  void Add(protocol::EntryId first, std::int64_t count);
  std::vector<protocol::EntryRun>& runs() { return runs_; }
  std::size_t size() const { return runs_.size(); }

 private:
  std::vector<protocol::EntryRun> runs_;
};

// Runs of stored ids from `from` on, at most max_runs and each complete: those of the index merged
// with `cached`, ordered runs that the loop found in the write cache before the view was made.
common::Result<std::vector<protocol::EntryRun>> ListRuns(
    IndexView view, protocol::LedgerId ledger, protocol::EntryId from, std::size_t max_runs,
    const std::vector<protocol::EntryRun>& cached);

}  // namespace quire::bookie
