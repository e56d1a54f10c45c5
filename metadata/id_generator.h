#pragma once

#include <optional>

#include "metadata/metadata_store.h"
#include "metadata/operation.h"
#include "protocol/ids.h"

namespace quire::metadata {

// Gives out ledger ids: 1, 2, 3 ... over all clients, each at most once, never again after a delete
// (T-31). The last id given out is kept at /ids in decimal digits and raised by compare-and-swap;
// an id is taken only by a swap that is known to have won, so that a lost answer costs an id, no
// more. Loop thread only.
class IdGenerator {
 public:
  using Done = common::Callback<common::Result<protocol::LedgerId>>;

  IdGenerator(common::Loop& loop, MetadataStore& store);

  // kMetadataUnavailable when the store is away; an id may then be lost, none is given twice.
  void Next(Done done);

 private:
  class Draw;
  struct Counter {
    std::int64_t last = 0;
    Version version;
  };

  common::Loop& loop_;
  MetadataStore& store_;
  std::optional<Counter> known_;  // saves the read when nobody else drew meanwhile
  OperationSet operations_;
};

}  // namespace quire::metadata
