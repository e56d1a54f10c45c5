#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/entry.h"

namespace quire::exhaustive {

// Every encoded entry that came up, by a small number; 0 is none. So a copy of an entry is four
// bits, and two copies are bitwise equal exactly if their numbers are.
class Contents {
 public:
  // So many different ones fit (fifteen marks a fence in a journal); two entries of one writer
  // without pipelining make two.
  static constexpr std::size_t kMax = 14;

  std::uint8_t IdOf(std::string_view bytes);

  const std::string& Bytes(std::uint8_t id) const { return bytes_[id - 1U]; }
  const protocol::EntryHeader& Header(std::uint8_t id) const { return headers_[id - 1U]; }
  std::size_t size() const { return bytes_.size(); }

 private:
  std::vector<std::string> bytes_;
  std::vector<protocol::EntryHeader> headers_;
};

}  // namespace quire::exhaustive
