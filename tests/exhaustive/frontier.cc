#include "tests/exhaustive/frontier.h"

#include <cstring>

namespace quire::exhaustive {

void Frontier::Push(const World& world, std::uint32_t number) {
  const std::size_t used = world.used_bytes();
  if (blocks_.empty() || blocks_.back().size() + sizeof number + used > kBlockBytes) {
    blocks_.emplace_back().reserve(kBlockBytes);
  }
  auto& block = blocks_.back();
  const std::size_t at = block.size();
  block.resize(at + sizeof number + used);
  std::memcpy(&block[at], &number, sizeof number);
  std::memcpy(&block[at + sizeof number], static_cast<const void*>(&world), used);
}

bool Frontier::Pop(World& world, std::uint32_t& number) {
  while (!blocks_.empty() && read_ == blocks_.front().size()) {
    blocks_.pop_front();
    read_ = 0;
  }
  if (blocks_.empty()) return false;
  const char* from = &blocks_.front()[read_];
  std::memcpy(&number, from, sizeof number);
  from += sizeof number;
  // The first part says how many calls follow.
  std::memcpy(static_cast<void*>(&world), from, offsetof(World, calls));
  std::memcpy(static_cast<void*>(&world), from, world.used_bytes());
  read_ += sizeof number + world.used_bytes();
  return true;
}

}  // namespace quire::exhaustive
