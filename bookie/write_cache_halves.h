#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "bookie/write_cache.h"
#include "protocol/ids.h"
#include "protocol/messages.h"

namespace quire::bookie {

// The write cache: the active half takes adds while the frozen one is written out. Both are
// readable. Loop thread; the flush worker reads the frozen half beside it, which nothing changes
// meanwhile.
class CacheHalves {
 public:
  explicit CacheHalves(std::size_t half_bytes)
      : half_bytes_(half_bytes),
        active_(std::make_shared<WriteCache>(pool_)),
        frozen_(std::make_shared<WriteCache>(pool_)) {}

  void Add(protocol::LedgerId ledger, protocol::EntryId entry, std::string_view bytes,
           Copies copies = Copies::kPerhaps) {
    active_->Add(ledger, entry, bytes, copies);
  }
  std::optional<std::string_view> Find(protocol::LedgerId ledger, protocol::EntryId entry) const;
  // All runs of the ledger's cached ids from `from` on, ordered by their first id.
  std::vector<protocol::EntryRun> Runs(protocol::LedgerId ledger, protocol::EntryId from) const;
  // In both halves, so not while a worker reads the frozen one.
  void Forget(protocol::LedgerId ledger);

  // The active half becomes the frozen one, until Release; there is none before.
  void Freeze();
  // The frozen half is in a segment now. Returns tables to be freed elsewhere.
  WriteCache::Ledgers Release();

  bool has_frozen() const { return has_frozen_; }
  // Shared with the jobs that read it.
  std::shared_ptr<const WriteCache> frozen() const { return frozen_; }
  bool active_full() const { return active_->bytes() >= half_bytes_; }
  std::size_t memory() const { return active_->memory() + frozen_->memory() + pool_.free_bytes(); }

 private:
  const std::size_t half_bytes_;
  ChunkPool pool_;
  std::shared_ptr<WriteCache> active_;
  std::shared_ptr<WriteCache> frozen_;
  bool has_frozen_ = false;
};

}  // namespace quire::bookie
