#include "bookie/store_list.h"

#include <algorithm>
#include <utility>

namespace quire::bookie {

using common::Result;
using protocol::EntryId;
using protocol::EntryRun;

void RunList::Add(EntryId first, std::int64_t count) {
  if (!runs_.empty() && first <= runs_.back().first + runs_.back().count) {
    EntryRun& last = runs_.back();
    last.count = std::max(last.count, first - last.first + count);
  } else {
    runs_.push_back({.first = first, .count = count});
  }
}

Result<std::vector<EntryRun>> ListRuns(IndexView view, protocol::LedgerId ledger, EntryId from,
                                       std::size_t max_runs, const std::vector<EntryRun>& cached) {
  RunList list;
  auto next = cached.begin();
  // The last run is known to be complete when another one begins behind it.
  QUIRE_TRY(view.Scan(ledger, from, [&](const Extent& extent) {
    for (const ExtentEntry& entry : extent.entries()) {
      if (entry.id < from) continue;
      for (; next != cached.end() && next->first <= entry.id; ++next) {
        list.Add(next->first, next->count);
      }
      list.Add(entry.id, 1);
    }
    return list.size() <= max_runs;
  }));
  for (; next != cached.end() && list.size() <= max_runs; ++next) {
    list.Add(next->first, next->count);
  }
  auto runs = std::move(list.runs());
  if (runs.size() > max_runs) runs.resize(max_runs);
  return runs;
}

}  // namespace quire::bookie
