#pragma once

#include <vector>

#include "metadata/ledger_path.h"
#include "metadata/metadata_store.h"
#include "metadata/operation.h"

namespace quire::metadata {

// Walks the tree of ledger records in the order of their ids, as an operation of LedgerStore. A
// level that is not there is empty; any other error ends the walk, because a listing with a hole
// would read as "these ledgers are gone" (T-29).
class LedgerListing final : public OperationOf<std::vector<protocol::LedgerId>> {
 public:
  LedgerListing(common::Loop& loop, OperationSet& owner, MetadataStore& store, std::size_t limit,
                Done done);

  void Begin(protocol::LedgerId after);

 private:
  static constexpr std::size_t kLeaf = 3;  // the level whose names complete an id

  void Step();
  void Listed(const std::vector<std::string>& names);
  // Behind position_[level] and everything below it, on this level or one above.
  void Advance(std::size_t level);

  MetadataStore& store_;
  const std::size_t limit_;
  // The least id that is still of interest, and the level at which its next part is looked up: the
  // parts above are known to exist.
  LedgerPathParts position_{};
  std::size_t level_ = 0;
  bool at_end_ = false;
  std::vector<protocol::LedgerId> found_;
};

}  // namespace quire::metadata
