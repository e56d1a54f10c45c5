#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>

#include "bookie/entry_block.h"
#include "bookie/read_ahead.h"
#include "bookie/read_cache.h"
#include "protocol/ids.h"

namespace quire::bookie {

// Decides what is read before anybody asks for it, and keeps it until somebody does. Reads nothing
// itself: its owner takes the next range when a reader is idle and brings back the block. Loop
// thread.
class Prefetcher {
 public:
  struct Job {
    ReadAhead::Range range;
    std::uint64_t forgotten = 0;  // a ledger was dropped since: the block is not taken
  };

  explicit Prefetcher(std::size_t cache_bytes)
      : cache_(cache_bytes, [this](const EntryBlock& block) { Wasted(block); }) {}

  // An entry that was read ahead. Good until the next call of anything else.
  std::optional<std::string_view> Find(protocol::LedgerId ledger, protocol::EntryId entry) {
    return cache_.Find(ledger, entry);
  }

  // These entries were read, `bytes` in all, by whom and from where ever; the ledger has none above
  // `last`.
  void Observe(const ReadAhead::Range& read, std::uint64_t bytes, protocol::EntryId last);
  void Forget(protocol::LedgerId ledger);

  bool waiting() const { return !queue_.empty(); }
  Job Take();  // what to read now
  void Loaded(const Job& job, EntryBlock block);

  static constexpr std::size_t kMaxBlockBytes = 2 << 20;

  std::size_t cache_bytes() const { return cache_.bytes(); }
  std::uint64_t loaded_bytes() const { return loaded_bytes_; }
  std::uint64_t wasted_bytes() const { return wasted_bytes_; }

 private:
  // Ranges; newer ones push out older ones.
  static constexpr std::size_t kMaxQueued = ReadAhead::kMaxRanges;

  void Wasted(const EntryBlock& block);

  ReadAhead read_ahead_{{}};
  ReadCache cache_;
  std::deque<ReadAhead::Range> queue_;
  std::uint64_t forgotten_ = 0;
  std::uint64_t loaded_bytes_ = 0;
  std::uint64_t wasted_bytes_ = 0;
};

}  // namespace quire::bookie
