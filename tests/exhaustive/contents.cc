#include "tests/exhaustive/contents.h"

#include <algorithm>

#include "common/check.h"

namespace quire::exhaustive {

std::uint8_t Contents::IdOf(std::string_view bytes) {
  const auto found = std::ranges::find(bytes_, bytes);
  if (found == bytes_.end()) {
    QUIRE_CHECK(bytes_.size() < kMax);
    bytes_.emplace_back(bytes);
    headers_.push_back(protocol::VerifyEntry(bytes).value());
    return static_cast<std::uint8_t>(bytes_.size());
  }
  return static_cast<std::uint8_t>(found - bytes_.begin() + 1);
}

}  // namespace quire::exhaustive
