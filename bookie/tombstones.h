#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "protocol/ids.h"

namespace quire::bookie {

// Ids of ledgers that are deleted for good: one bit for each of 1024 ids in a row, so that millions
// of them take little memory however the ids of other ledgers lie between. Exactly the ids that
// were put in: one that was never heard of here may be that of a ledger that begins tomorrow, and
// must not be refused. Not thread-safe.
class Tombstones {
 public:
  static constexpr std::int64_t kBlockIds = 1024;
  // Ids from the number of the block times kBlockIds on, lowest bit first.
  using Bits = std::array<std::uint64_t, kBlockIds / 64>;
  using Blocks = std::unordered_map<std::int64_t, Bits>;

  static std::int64_t BlockOf(protocol::LedgerId ledger) { return ledger.value() >> 10; }
  static void Set(Bits& bits, protocol::LedgerId ledger);
  static void Clear(Bits& bits, protocol::LedgerId ledger);
  static std::size_t Count(const Bits& bits);

  void Insert(protocol::LedgerId ledger);
  // Adds to what is there.
  void InsertBlock(std::int64_t block, const Bits& bits);
  bool Contains(protocol::LedgerId ledger) const;
  std::size_t size() const { return size_; }
  std::optional<protocol::LedgerId> Highest() const;  // looks at all blocks
  std::vector<protocol::LedgerId> Ids() const;        // in ascending order

 private:
  Blocks blocks_;
  std::size_t size_ = 0;
};

}  // namespace quire::bookie
