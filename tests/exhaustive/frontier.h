#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "tests/exhaustive/world.h"

namespace quire::exhaustive {

// A queue of worlds that are still to be explored, each with its number, as bytes one behind the
// other: without the room for calls that a world does not use.
class Frontier {
 public:
  void Push(const World& world, std::uint32_t number);
  // False when it is empty.
  bool Pop(World& world, std::uint32_t& number);

  std::size_t memory() const { return blocks_.size() * kBlockBytes; }

 private:
  static constexpr std::size_t kBlockBytes = 1U << 20;

  std::deque<std::vector<char>> blocks_;
  std::size_t read_ = 0;  // bytes of the first block
};

}  // namespace quire::exhaustive
