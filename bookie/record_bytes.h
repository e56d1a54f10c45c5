#pragma once

#include <array>
#include <string_view>

#include "common/bytes.h"
#include "protocol/ids.h"
#include "protocol/uuid.h"

namespace quire::bookie {

// A ledger key as it stands in journal records; on the stack, because every add writes one.
class KeyBytes {
 public:
  static constexpr std::size_t kSize = 16;

  explicit KeyBytes(const protocol::LedgerKey& key) {
    common::StoreBig(bytes_.data(), key.high);
    common::StoreBig(bytes_.data() + 8, key.low);
  }

  std::string_view view() const { return {bytes_.data(), bytes_.size()}; }

 private:
  std::array<char, kSize> bytes_;
};

// A ledger id, likewise.
class LedgerBytes {
 public:
  explicit LedgerBytes(protocol::LedgerId ledger) {
    common::StoreBig(bytes_.data(), ledger.value());
  }

  std::string_view view() const { return {bytes_.data(), bytes_.size()}; }

 private:
  std::array<char, 8> bytes_;
};

}  // namespace quire::bookie
