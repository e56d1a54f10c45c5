#include "bookie/read_cache.h"

#include <iterator>
#include <utility>

namespace quire::bookie {

using protocol::EntryId;
using protocol::LedgerId;

std::optional<std::string_view> ReadCache::Find(LedgerId ledger, EntryId entry) {
  // A reader goes through a block before it asks for the next one.
  if (!blocks_.empty() && blocks_.front().block.ledger == ledger) {
    if (const auto bytes = blocks_.front().block.Find(entry)) {
      blocks_.front().used = true;
      return bytes;
    }
  }
  const auto place = Locate(ledger, entry);
  if (!place) return std::nullopt;
  place->kept->used = true;
  blocks_.splice(blocks_.begin(), blocks_, place->kept);
  return place->bytes;
}

bool ReadCache::Has(LedgerId ledger, EntryId entry) const {
  return Locate(ledger, entry).has_value();
}

std::optional<ReadCache::Place> ReadCache::Locate(LedgerId ledger, EntryId entry) const {
  const auto of_ledger = ledgers_.find(ledger);
  if (of_ledger == ledgers_.end()) return std::nullopt;
  const auto above = of_ledger->second.upper_bound(entry);
  if (above == of_ledger->second.begin()) return std::nullopt;
  const Blocks::iterator kept = std::prev(above)->second;
  const auto bytes = kept->block.Find(entry);
  if (!bytes) return std::nullopt;
  return Place{.kept = kept, .bytes = *bytes};
}

void ReadCache::Put(EntryBlock block) {
  if (block.empty() || block.memory() > max_bytes_) return;
  const auto [place, is_new] =
      ledgers_[block.ledger].try_emplace(block.first(), Blocks::iterator());
  if (!is_new) {
    bytes_ -= place->second->block.memory();
    blocks_.erase(place->second);
  }
  bytes_ += block.memory();
  blocks_.push_front({.block = std::move(block), .used = false});
  place->second = blocks_.begin();
  while (bytes_ > max_bytes_) Evict();
}

void ReadCache::Forget(LedgerId ledger) {
  const auto of_ledger = ledgers_.find(ledger);
  if (of_ledger == ledgers_.end()) return;
  for (const auto& [first, kept] : of_ledger->second) {
    bytes_ -= kept->block.memory();
    blocks_.erase(kept);
  }
  ledgers_.erase(of_ledger);
}

void ReadCache::Evict() {
  const Kept& last = blocks_.back();
  const auto of_ledger = ledgers_.find(last.block.ledger);
  of_ledger->second.erase(last.block.first());
  if (of_ledger->second.empty()) ledgers_.erase(of_ledger);
  bytes_ -= last.block.memory();
  if (!last.used) wasted_(last.block);
  blocks_.pop_back();
}

}  // namespace quire::bookie
