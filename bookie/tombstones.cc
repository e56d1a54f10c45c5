#include "bookie/tombstones.h"

#include <algorithm>
#include <bit>

namespace quire::bookie {

using protocol::LedgerId;

namespace {

struct Place {
  std::size_t word;
  std::uint64_t bit;
};
Place PlaceOf(LedgerId ledger) {
  const auto at = static_cast<std::size_t>(ledger.value() & (Tombstones::kBlockIds - 1));
  return {.word = at / 64, .bit = std::uint64_t{1} << (at % 64)};
}

}  // namespace

void Tombstones::Set(Bits& bits, LedgerId ledger) {
  const Place place = PlaceOf(ledger);
  bits[place.word] |= place.bit;
}

void Tombstones::Clear(Bits& bits, LedgerId ledger) {
  const Place place = PlaceOf(ledger);
  bits[place.word] &= ~place.bit;
}

std::size_t Tombstones::Count(const Bits& bits) {
  std::size_t count = 0;
  for (const std::uint64_t word : bits) count += static_cast<std::size_t>(std::popcount(word));
  return count;
}

void Tombstones::Insert(LedgerId ledger) {
  Bits bits{};
  Set(bits, ledger);
  InsertBlock(BlockOf(ledger), bits);
}

void Tombstones::InsertBlock(std::int64_t block, const Bits& bits) {
  Bits& here = blocks_.try_emplace(block).first->second;
  size_ -= Count(here);
  for (std::size_t word = 0; word < bits.size(); ++word) here[word] |= bits[word];
  size_ += Count(here);
}

bool Tombstones::Contains(LedgerId ledger) const {
  if (blocks_.empty()) return false;
  const auto found = blocks_.find(BlockOf(ledger));
  if (found == blocks_.end()) return false;
  const Place place = PlaceOf(ledger);
  return (found->second[place.word] & place.bit) != 0;
}

std::optional<LedgerId> Tombstones::Highest() const {
  const auto last = std::ranges::max_element(
      blocks_, {}, [](const Blocks::value_type& entry) { return entry.first; });
  if (last == blocks_.end()) return std::nullopt;
  const auto& [block, bits] = *last;
  std::size_t word = bits.size() - 1;
  while (bits[word] == 0) --word;
  return LedgerId(block * kBlockIds + static_cast<std::int64_t>(word) * 64 + 63 -
                  std::countl_zero(bits[word]));
}

std::vector<LedgerId> Tombstones::Ids() const {
  std::vector<LedgerId> ids;
  ids.reserve(size_);
  for (const auto& [block, bits] : blocks_) {
    for (std::int64_t at = 0; at < kBlockIds; ++at) {
      const LedgerId ledger(block * kBlockIds + at);
      if (Contains(ledger)) ids.push_back(ledger);
    }
  }
  std::ranges::sort(ids);
  return ids;
}

}  // namespace quire::bookie
