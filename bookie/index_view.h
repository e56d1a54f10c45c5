#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "bookie/extent.h"
#include "bookie/index_db.h"
#include "common/error.h"
#include "protocol/ids.h"

namespace quire::bookie {

// Look-ups in the index as it was when the view was made: a commit is seen wholly or not at all.
// One thread; short-lived, as it holds back what RocksDB could free.
class IndexView {
 public:
  explicit IndexView(const IndexDb& db) : cursor_(db.NewCursor(IndexDb::Scope::kPrefix)) {}

  // Nothing: certain that the entry is not stored. An error: unknown. Ids in a row are cheap.
  common::Result<std::optional<EntryLocation>> Find(protocol::LedgerId ledger,
                                                    protocol::EntryId entry);

  // The ledger's extents in ascending order, beginning with the last one that starts at or below
  // `from`, until the visitor says false.
  common::Result<void> Scan(protocol::LedgerId ledger, protocol::EntryId from,
                            const std::function<bool(const Extent&)>& visit);

 private:
  // The extent under the cursor, nothing when it is past those of the ledger.
  common::Result<std::optional<Extent>> Current(protocol::LedgerId ledger) const;

  const std::unique_ptr<IndexDb::Cursor> cursor_;
  protocol::LedgerId ledger_;
  std::optional<Extent> extent_;  // of ledger_, the one used last
  Extent::Cursor at_;             // in extent_
};

}  // namespace quire::bookie
