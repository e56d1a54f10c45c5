#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/bytes.h"

namespace quire::fuzz {

// Takes a target's choices off the front of its input. An input that runs out answers zeros, so
// that every prefix is an input too. What is not taken stays, for the parser under test.
class Input {
 public:
  explicit Input(std::string_view bytes) : rest_(bytes) {}

  bool empty() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

  // Big-endian.
  template <typename T>
  T Number() {
    if (rest_.size() < sizeof(T)) {
      rest_ = {};
      return 0;
    }
    const T value = common::LoadBig<T>(rest_.data());
    rest_.remove_prefix(sizeof(T));
    return value;
  }
  std::uint8_t Byte() { return Number<std::uint8_t>(); }

  // At most so many; fewer at the end.
  std::string_view Bytes(std::size_t most) {
    const std::string_view bytes = rest_.substr(0, std::min(most, rest_.size()));
    rest_.remove_prefix(bytes.size());
    return bytes;
  }
  // A length byte and so many bytes.
  std::string_view Short() { return Bytes(Byte()); }

 private:
  std::string_view rest_;
};

}  // namespace quire::fuzz
