#include "bookie/write_cache.h"

#include <algorithm>
#include <cstring>

namespace quire::bookie {

using protocol::EntryId;
using protocol::LedgerId;

void WriteCache::Add(LedgerId ledger, EntryId entry, std::string_view bytes, Copies copies) {
  if (last_ == nullptr || last_->first != ledger) {
    const auto [it, added] = ledgers_.try_emplace(ledger);
    if (added) tables_ += kLedgerBytes;
    last_ = &*it;
  }
  LedgerEntries& entries = last_->second;
  const std::size_t before = entries.memory();
  char* copy = arena_.Allocate(bytes.size());
  std::memcpy(copy, bytes.data(), bytes.size());
  entries.Insert({.id = entry, .data = copy, .size = static_cast<std::uint32_t>(bytes.size())},
                 copies);
  tables_ += entries.memory() - before;
}

std::optional<std::string_view> WriteCache::Find(LedgerId ledger, EntryId entry) const {
  const LedgerEntries* entries = FindLedger(ledger);
  const CachedEntry* found = entries == nullptr ? nullptr : entries->Find(entry);
  if (found == nullptr) return std::nullopt;
  return found->bytes();
}

const LedgerEntries* WriteCache::FindLedger(LedgerId ledger) const {
  if (last_ != nullptr && last_->first == ledger) return &last_->second;
  const auto it = ledgers_.find(ledger);
  return it == ledgers_.end() ? nullptr : &it->second;
}

void WriteCache::Forget(LedgerId ledger) {
  const auto it = ledgers_.find(ledger);
  if (it == ledgers_.end()) return;
  if (last_ == &*it) last_ = nullptr;
  tables_ -= kLedgerBytes + it->second.memory();
  ledgers_.erase(it);
}

WriteCache::Ledgers WriteCache::Clear() {
  last_ = nullptr;
  tables_ = 0;
  arena_.Clear();
  return std::exchange(ledgers_, {});
}

std::vector<std::pair<LedgerId, const LedgerEntries*>> WriteCache::Sorted() const {
  std::vector<std::pair<LedgerId, const LedgerEntries*>> sorted;
  sorted.reserve(ledgers_.size());
  for (const auto& [ledger, entries] : ledgers_) sorted.emplace_back(ledger, &entries);
  std::ranges::sort(sorted);
  return sorted;
}

}  // namespace quire::bookie
